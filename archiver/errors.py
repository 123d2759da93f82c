"""One exception tree. Each message says what happened, to what, and what to do next.

    ArchiverError                    1   anything not named below
    ├── UsageError                   2   a wrong argument, option or URL
    │   └── ConfigurationError       2   a wrong value in a file or the environment
    ├── AlteredError                 4   the log is not what it was when it was signed or seen
    ├── NotFoundError                6   nothing in the archive answers to that reference
    ├── UnreachableError             7   the page gave no answer, or an HTTP error where that is refused
    │   ├── HttpStatusError          7   the page answered with an error that the user does not want stored
    │   ├── RefusedError             7   the guard refused the page
    │   └── FeedError                7   what answered is no feed that can be read
    ├── StorageError                 8   the archive could not be read or written
    │   ├── ExistsError              8   an object that was to be created is there already
    │   └── RetainedError            8   an object that was to be deleted is kept by Object Lock
    ├── SigningError                 9   the key of the archive is missing, or cannot be used
    └── BrowserError                10   no browser, one that lacks what is needed, or one that died

The numbers are exit codes; `cli/exit_codes.py` holds their one table.
"""

from __future__ import annotations

from datetime import datetime


class ArchiverError(Exception):
    """The root: every error that this package raises on purpose."""


class UsageError(ArchiverError):
    """The caller asked for something that cannot be."""


class ConfigurationError(UsageError):
    """A setting has a value that cannot be used; the message names the setting and where it came from."""


class AlteredError(ArchiverError):
    """What is published of the log contradicts its slots, a signature, or what was signed or seen before."""


class NotFoundError(ArchiverError):
    """No snapshot, or no part of one, answers to what was asked for."""


class UnreachableError(ArchiverError):
    """The main document gave no HTTP answer, or an error that the user does not want stored."""


class HttpStatusError(UnreachableError):
    """The main document has an HTTP status that is not wanted; `retry_after_s` is how long its server asks to wait."""

    def __init__(self, message: str, status: int = 0, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


class RefusedError(UnreachableError):
    """The guard refused the main document's address."""


class FeedError(UnreachableError):
    """What answered where a feed was expected is none, or none that is safe to read; the message says what it is."""


class StorageError(ArchiverError):
    """The store failed, or holds something else than it should."""


class ExistsError(StorageError):
    """The key that was to be created is there already; its object was left as it is."""


class RetainedError(StorageError):
    """Object Lock keeps what was to be deleted: up to a moment, or, under a legal hold, until the hold is lifted."""

    def __init__(self, message: str, until: datetime | None = None, *, legal_hold: bool = False) -> None:
        super().__init__(message)
        self.until = until
        self.legal_hold = legal_hold


class SigningError(ArchiverError):
    """There is no key to sign with, or it cannot be used; nothing is stored unsigned instead."""


class BrowserError(ArchiverError):
    """The browser is missing, unfit, or crashed before anything was recorded."""
