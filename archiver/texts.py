"""The text of a page that was just captured: its sketch, for the statement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from archiver.model import Body, CaptureWarning, Recording
from archiver.provenance.sketch import of_frames, to_json

_MAX_DOM_BYTES = 64 << 20


def sketched(recording: Recording) -> tuple[Recording, dict[str, Any] | None]:
    """The recording and the sketch of its main text, as the statement has it; None where the page has no DOM.

    A sketch helps to find a capture, and is no part of the evidence: if it cannot be made, the recording has a warning
    more. Never raises.
    """
    dom = next((rendition for rendition in recording.renditions if rendition.role == "dom"), None)
    if dom is None:
        return recording, None
    try:
        if dom.body.size_bytes > _MAX_DOM_BYTES:
            raise ValueError(f"its DOM has {dom.body.size_bytes} bytes, more than {_MAX_DOM_BYTES}")
        frames = orjson.loads(_bytes(dom.body))["frames"]
        return recording, to_json(of_frames(frames, recording.final_url or recording.url))
    except Exception as error:  # noqa: BLE001  # whatever a page holds, its capture goes on
        why = f"the text of the page could not be sketched, so it is not found by its text: {error!r}"[:500]
        return replace(recording, warnings=(*recording.warnings, CaptureWarning("text_unread", why))), None


def _bytes(body: Body) -> bytes:
    return body.data if body.path is None else body.path.read_bytes()
