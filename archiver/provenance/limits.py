"""How much of a page is read. A page is written by anybody; what lies beyond a limit is told, never passed over."""

from __future__ import annotations

MAX_FRAMES = 40
MAX_HTML_CHARS = 8_000_000
MAX_ELEMENTS = 80_000
MAX_DEPTH = 400
MAX_BLOCKS = 8_000
MAX_TEXT_CHARS = 1_000_000
MAX_BLOCK_CHARS = 20_000  # a paragraph longer than that is cut into several
MAX_METAS = 1_000
MAX_LINKS = 10_000
MAX_VALUE_CHARS = 2_000  # of a meta tag, an address, or a string in JSON-LD
MAX_JSON_LD_CHARS = 2_000_000
MAX_JSON_LD_NODES = 2_000
MAX_JSON_LD_DEPTH = 16
MAX_CLAIMS = 400
MAX_PASSAGE_CHARS = 600  # longer sentences are looked at in windows of so many characters

# trafilatura has no time limit of its own: measured, its work grows with these two.
MAX_MAIN_TEXT_CHARS = 4_000_000
MAX_MAIN_TEXT_ELEMENTS = 20_000
