"""Two texts, or two pictures of a page, held against each other. Pure: bytes and strings in, frozen records out."""
