"""Picture credits and quoted posts: sources of parts of a page, never of its text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.provenance.agencies import agency
from archiver.provenance.blocks import Block
from archiver.provenance.claim import Claim, Relation
from archiver.provenance.context import Context
from archiver.provenance.languages.labels import PICTURE, PICTURE_LABEL
from archiver.provenance.outlets import is_platform, site_of

_CHAIN = re.compile(r"[(\[（](?P<chain>[^()\[\]（）]{3,160})[)\]）]\W{0,3}$")
_SIGN = re.compile(r"\s{0,3}©")
_PLATFORMS = {
    "truth social": "truthsocial.com",
    "twitter": "twitter.com",
    "x": "x.com",
    "facebook": "facebook.com",
    "instagram": "instagram.com",
    "telegram": "t.me",
    "tiktok": "tiktok.com",
    "threads": "threads.net",
    "bluesky": "bsky.app",
    "weibo": "weibo.com",
    "mastodon": "mastodon.social",
    "linkedin": "linkedin.com",
    "reddit": "reddit.com",
    "youtube": "youtube.com",
    "vk": "vk.com",
    "вконтакте": "vk.com",
    "твиттер": "twitter.com",
    "телеграм": "t.me",
    "微博": "weibo.com",
}
_POST = re.compile(
    r"(?:\b(?:on|to|auf|bei|sur|en|no|na|su|op|på|w|v|в|у|на)\s)(?:his |her |their |its |seinem |ihrem |la "
    r"plateforme |la red social |соцсети )?(?:own )?"
    r"(?P<platform>Truth Social|X|Twitter|Facebook|Instagram|Telegram|TikTok|Threads|Bluesky|Mastodon|LinkedIn|"
    r"Reddit|YouTube|VK|Вконтакте|Твиттер\w?|Телеграм\w?|Weibo)\b"
    r"(?! (?:page|account|button))",
)
_SAYING = re.compile(
    r"\b(?:said|says|wrote|writes|posted|post|tweet\w{0,3}|announced|stated|shared|schrieb|teilte|postete|écrit|"
    r"publié|déclaré|escribió|publicó|dijo|"
    r"escreveu|publicou|disse|scritto|pubblicato|napisał\w?|napsal\w?|написал\w?|сообщил\w?|skrev|schreef)\b|微博",
    re.IGNORECASE,
)
_MAX_POSTS = 50


def picture_credits(context: Context) -> Iterator[Claim]:
    """A claim for each credit of a picture, the whole chain as its passage ("Photographer, Agency, Pool via AP")."""
    for block in context.page.blocks:
        zone = context.page.zone(block)
        label = PICTURE_LABEL.match(block.text[:200]) or (_SIGN.match(block.text) if zone in ("head", "lead") else None)
        match = _CHAIN.search(block.text[-220:])
        if label and len(block.text) <= 300:
            yield _credit(context, block, label.end(), len(block.text), 0.8)
        elif match and (block.region == "caption" or _is_chain(match["chain"], block, zone)):
            offset = max(0, len(block.text) - 220)
            yield _credit(context, block, offset + match.start("chain"), offset + match.end("chain"), 0.85)
        elif block.region == "caption" and len(block.text) <= 120:
            yield _credit(context, block, 0, len(block.text), 0.5)


def _is_chain(chain: str, block: Block, zone: str) -> bool:
    """Whether the last brackets of a paragraph credit a picture rather than the text."""
    if zone not in ("head", "lead", "body", "tail"):
        return False
    parts = re.split(r",|\svia\s|/", chain)
    return len(parts) > 1 and bool(PICTURE.search(chain) or (" via " in chain and agency(parts[-1])))


def _credit(context: Context, block: Block, start: int, end: int, confidence: float) -> Claim:
    chain = block.text[start:end].strip()
    parts = [part.strip() for part in re.split(r",|\svia\s|\s?/\s?|©", chain) if part.strip()]
    last = parts[-1] if parts else chain
    outlet = agency(last)
    return context.in_text(
        "picture-credit",
        Relation.ILLUSTRATES,
        block,
        (start, end),
        outlet.name if outlet else last[:80],
        confidence,
        author=parts[0][:80] if len(parts) > 1 else "",
    )


def quoted_posts(context: Context) -> Iterator[Claim]:
    """A claim for each embedded post, and for each sentence that says where something was posted."""
    count = 0
    for block in context.page.blocks:
        if count >= _MAX_POSTS:
            return
        if block.region == "embed":
            links = [link for link in block.links if is_platform(site_of(link.url))]
            if links:
                count += 1
                yield context.in_text(
                    "quoted-post",
                    Relation.QUOTES,
                    block,
                    (0, len(block.text)),
                    site_of(links[-1].url),
                    0.9,
                    target=links[-1].url,
                )
            continue
        if not block.main:
            continue
        match = _POST.search(block.text)
        if match and _SAYING.search(block.text[max(0, match.start() - 120) : match.end() + 80]):
            count += 1
            platform = match["platform"].lower()
            links = [link for link in block.links if site_of(link.url) == _PLATFORMS.get(platform)]
            yield context.in_text(
                "quoted-post",
                Relation.QUOTES,
                block,
                (max(0, match.start() - 120), match.end()),
                match["platform"],
                0.7,
                target=links[0].url if links else "",
            )
