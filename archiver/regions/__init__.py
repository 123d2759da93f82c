"""The region inventory: which ads, link blocks and notices stand beside an article, and where."""
