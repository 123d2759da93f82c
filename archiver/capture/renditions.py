"""What is made of the page as it stands: screenshots, PDF, and the DOM and text of every frame."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import orjson
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from archiver.capture.frames import Frame, evaluate
from archiver.capture.profile import MAX_TEXTURE_PX
from archiver.capture.spool import body_of
from archiver.model import Rendition

_TILE_PX = 8_192
_MAX_VIEWPORT_PX = 32_768  # a window higher than that costs Chromium memory and time without end
_PICTURE_TIMEOUT_MS = 30_000
_REPAINT_S = 0.5

# Serialises a document with its open shadow roots, and its visible text with theirs (innerText leaves them out).
_READ_FRAME = """() => {
  const roots = [], texts = [];
  const walk = (node) => {
    for (const element of node.querySelectorAll('*')) {
      if (!element.shadowRoot) continue;
      roots.push(element.shadowRoot);
      for (const child of element.shadowRoot.children) if (child.innerText) texts.push(child.innerText);
      walk(element.shadowRoot);
    }
  };
  walk(document);
  const type = document.doctype ? new XMLSerializer().serializeToString(document.doctype) + '\\n' : '';
  const root = document.documentElement;
  const inner = root ? root.getHTML({ serializableShadowRoots: true, shadowRoots: roots }) : '';
  const tag = root ? root.cloneNode(false).outerHTML.replace(/<\\/[^>]*>$/, '') : '';
  const visible = document.body ? document.body.innerText : (root ? root.textContent : '');
  return { html: type + tag + inner + (root ? `</${root.localName}>` : ''),
           text: [visible, ...texts].join('\\n'), title: document.title };
}"""

_SIZE = """() => {
  const root = document.documentElement, body = document.body || root;
  return { width: Math.max(root.scrollWidth, body.scrollWidth, innerWidth),
           height: Math.max(root.scrollHeight, body.scrollHeight),
           shown: innerHeight, has_body: !!document.body };
}"""


async def read_frames(frames: Sequence[Frame]) -> list[dict[str, Any]]:
    """The DOM and text of every frame: `page`, `index`, `parent`, `url`, `name`, `title`, `html`, `text`.

    A frame that does not answer stands in the list with `error` in place of what could not be read.
    """
    places = {frame.id: index for index, frame in enumerate(frames)}
    contents = await asyncio.gather(*(_read(frame) for frame in frames))
    return [
        {
            "page": frame.page,
            "index": index,
            "parent": places.get(frame.parent_id) if frame.parent_id else None,
            "url": frame.url,
            "name": frame.name,
            **content,
        }
        for index, (frame, content) in enumerate(zip(frames, contents, strict=True))
    ]


async def _read(frame: Frame) -> dict[str, Any]:
    try:
        content: dict[str, Any] = await evaluate(frame, _READ_FRAME)
    except PlaywrightError as error:
        return {"error": error.message.splitlines()[0]}
    except TimeoutError:
        return {"error": "no answer in time"}
    return content


def frame_renditions(url: str, frames: Sequence[dict[str, Any]], directory: Path) -> list[Rendition]:
    """`urn:dom:` (JSON, one object a frame) and `urn:text:` (the visible text of all frames, in order)."""
    kept = [{key: value for key, value in frame.items() if key != "text"} for frame in frames]
    text = "\n\n".join(frame["text"] for frame in frames if frame.get("text"))
    dom = orjson.dumps({"frames": kept}, option=orjson.OPT_INDENT_2)
    plain = text.encode()
    return [
        Rendition("dom", f"urn:dom:{url}", "application/json", body_of(dom, directory), {"frames": len(frames)}),
        Rendition("text", f"urn:text:{url}", "text/plain; charset=utf-8", body_of(plain, directory)),
    ]


async def viewport_screenshot(page: Page, top: Frame, url: str, directory: Path) -> Rendition:
    """What a reader sees first. `top` is the page's main frame, here and below."""
    await evaluate(top, "() => scrollTo(0, 0)")
    data = await page.screenshot(timeout=_PICTURE_TIMEOUT_MS, animations="allow")
    return Rendition("screenshot", f"urn:view:{url}", "image/png", body_of(data, directory))


async def full_screenshots(
    page: Page, top: Frame, url: str, directory: Path, pixel_ratio: float
) -> AsyncGenerator[Rendition]:
    """The whole page, in tiles where it is higher than Chromium paints at once; each as it is made."""
    size: dict[str, int] = await evaluate(top, _SIZE)
    height, step = size["height"], size["height"]
    if height * pixel_ratio > MAX_TEXTURE_PX:
        step = int(_TILE_PX / pixel_ratio)
    async with _as_high_as_the_page(page, top, size):
        for number, start in enumerate(range(0, height, step)):
            # Without a body, as in SVG, the driver waits for ever to learn how large the page is.
            options: dict[str, Any] = {"full_page": bool(size["has_body"])}
            if step < height:
                options["clip"] = {"x": 0, "y": start, "width": size["width"], "height": min(step, height - start)}
            data = await page.screenshot(**options, timeout=_PICTURE_TIMEOUT_MS, animations="allow")
            urn = f"urn:fullPage:{url}" + (f"#tile={number}" if number else "")
            facts = {"tile": number, "top_px": start} if step < height else {}
            yield Rendition("full_screenshot", urn, "image/png", body_of(data, directory), facts)


@contextlib.asynccontextmanager
async def _as_high_as_the_page(page: Page, top: Frame, size: dict[str, int]) -> AsyncIterator[None]:
    """Make the viewport as high as the page: Chromium leaves frames of other sites blank outside of it.

    Not if the page itself then grows (`100vh`), which would show something nobody sees.
    """
    usual = page.viewport_size
    if usual is None or not size["shown"] < size["height"] <= _MAX_VIEWPORT_PX:
        yield
        return
    # On a phone, a page that is wider than the viewport is laid out in more pixels than the viewport has: zoom out.
    scale = usual["height"] / size["shown"]
    session = await page.context.new_cdp_session(page)
    try:
        if scale < 1:
            await session.send("Emulation.setPageScaleFactor", {"pageScaleFactor": scale})
        await page.set_viewport_size({"width": usual["width"], "height": math.ceil(size["height"] * scale)})
        await asyncio.sleep(_REPAINT_S)
        grown: dict[str, int] = await evaluate(top, _SIZE)
        if grown["height"] > size["height"] * 1.2:
            await page.set_viewport_size(usual)
        yield
    finally:
        await page.set_viewport_size(usual)
        await session.detach()


async def pdf(page: Page, url: str, directory: Path) -> Rendition:
    """The page as it prints, backgrounds included."""
    data = await page.pdf(print_background=True)
    return Rendition("pdf", f"urn:pdf:{url}", "application/pdf", body_of(data, directory))
