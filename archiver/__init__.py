"""archiver: web articles as evidence, complete and byte-exact."""

__version__ = "0.1.0"
