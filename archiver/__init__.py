"""archiver: web articles as evidence, complete and byte-exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.version import __version__

if TYPE_CHECKING:
    from archiver.archive import Archive, Captured
    from archiver.snapshot import Snapshot

__all__ = ["Archive", "Captured", "Snapshot", "__version__"]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the browser driver takes long to import, and --help should not wait for it.
    if name in ("Archive", "Captured"):
        from archiver import archive  # noqa: PLC0415

        return getattr(archive, name)
    if name == "Snapshot":
        from archiver import snapshot  # noqa: PLC0415

        return snapshot.Snapshot
    raise AttributeError(f"module 'archiver' has no attribute {name!r}")
