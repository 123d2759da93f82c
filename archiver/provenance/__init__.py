"""Where a page comes from: what it says about its own source, read from what a snapshot stores of it."""
