"""How news pages are built: a made-up page for each rule, with what it is to find and what not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest

from archiver.regions.model import Inventory
from tests.unit.regions.pages import PARAGRAPHS
from tests.unit.regions.taking import take_each

pytestmark = pytest.mark.browser

_TITLES = (
    "The baker who sells only on Mondays",
    "A bridge with three names and no road",
    "Old maps of the marsh are on show",
    "Rain closes the allotments for a week",
    "Library lends out umbrellas from Monday",
    "New clock for the market hall tower",
    "A walk along the dyke with its builder",
    "Letters from the ice winter of long ago",
)
_SLOT = "<ins data-revive-zoneid=7></ins>"
_ARTICLE = (
    "<article><h1>Night Boats Return to Oster Haven</h1>"
    + "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    + "</article>"
)


def _items(*titles: str, name: str = "item", host: str = "") -> str:
    return "".join(
        f'<div class={name}><a href="{host}/{number}/{len(title)}">{title}</a></div>'
        for number, title in enumerate(titles)
    )


def _pictured(*titles: str, host: str = "") -> str:
    """Teasers whose picture, headline and "more" are three links to one page, and a fourth leads to their section."""
    return "".join(
        f'<div class=row><div><a href="{host}/{n}/x"><img src=/{n}.jpg width=90 height=60></a></div>'
        f'<div><a href="{host}/{n}/x">{title}</a></div><div><a href="{host}/{n}/x">More</a></div>'
        f"<a href=/s{n}/>Harbour</a></div>"
        for n, title in enumerate(titles)
    )


@dataclass(frozen=True)
class Case:
    body: str
    found: dict[str, int]
    text: str = ""  # that of the first region that has any
    around: bool = True  # an article stands before it

    def page(self) -> str:
        article = _ARTICLE if self.around else ""
        return f"<!doctype html><meta charset=utf-8><title>Night Boats Return</title><body>{article}{self.body}"


CASES = {
    "a column of lists with ads between them is no list": Case(
        f"<div class=side><div>{_items(*_TITLES[:4])}</div><div>{_SLOT}</div><div>{_items(*_TITLES[4:])}</div></div>",
        {"related": 2, "ad": 1},
    ),
    "two lists under headings of their own are two": Case(
        f"<div class=more-posts><div class=trending-posts><h2>Popular Right Now</h2>{_items(*_TITLES[:4])}</div>"
        f"<div class=recent-posts><h2>Recently Posted</h2>{_items(*_TITLES[4:])}</div></div>",
        {"trending": 1, "related": 1},
    ),
    "a list follows its heading's box among others": Case(
        f"<div class=column><div class=hd><h2>Photos</h2><a href=/p/>More</a></div><div class=pic></div>"
        f"<div class=hd><h2><a href=/w/>Elsewhere</a></h2></div>{_items(*_TITLES[:3], name='entry')}"
        f"<div class=hd><h2>Top Stories</h2></div><div class=entry><ul><li><a href=/8/>{_TITLES[4]}</a></li>"
        f"<li><a href=/9/>{_TITLES[5]}</a></li></ul></div></div>",
        {"related": 1},
        f"{_TITLES[4]} {_TITLES[5]}",
    ),
    "a widget among widgets is a block, however little it holds": Case(
        f"<div class=fixed><section class=widget><div><h4>Editor's Pick</h4><p><a href=/4/>{_TITLES[0]}</a></p></div>"
        f"</section><section class=widget><p>Founded by <a href=/5/>{_TITLES[1]}</a></p></section></div>",
        {"related": 1},
        f"Editor's Pick {_TITLES[0]}",
    ),
    "links of one teaser count once": Case(f"<div>{_pictured(*_TITLES[:3])}</div>", {"related": 1}),
    "a list beside a site map is a list": Case(
        f"<footer><div>{_items(*_TITLES[:4])}</div><ul><li><a href=/a/>About us</a></li><li><a href=/c/>Contact us"
        "</a></li><li><a href=/p/>Privacy policy</a></li></ul></footer>",
        {"related": 1},
        " ".join(_TITLES[:4]),
    ),
    "a network's widget with the site's own articles is no ad": Case(
        "<div class=trc_related_container><div><span class=header>More from us</span></div>"
        f"{_items(*_TITLES[:4])}</div>",
        {"related": 1},
    ),
    "the same widget with links that are paid for is one": Case(
        "<div class=trc_related_container><div><span class=header>More from us</span></div>"
        f"{_items(*_TITLES[:4], host='https://shop.test')}</div>",
        {"ad": 1},
    ),
    "a long feed of paid links is one ad": Case(
        "<div class=OUTBRAIN>"
        + _items(*_TITLES, *(f"{t} again" for t in _TITLES), host="https://shop.test")
        + "</div>",
        {"ad": 1},
    ),
    "a list with a label in its heading is an ad": Case(
        f"<div><h2><span>-PR-</span> From the mills</h2><ul>{_items(*_TITLES[:4])}</ul></div>", {"ad": 1}
    ),
    "a cell with a label and a slot is one ad": Case(
        "<nav class=nav><ul><li><a href=/n/>News of the harbour</a><div class=cell><span class=label>Ad</span>"
        "<div class=ad><iframe src=''></iframe></div></div></li></ul></nav>",
        {"ad": 1},
        "Ad",
    ),
    "the corner link of an ad belongs to it": Case(
        "<div class=wide-ad><div data-ad='{}'><iframe></iframe></div><a href=https://why.test/><span>AdChoices</span></a></div>",
        {"ad": 1},
        "AdChoices",
    ),
    "calls that place an ad": Case(
        "<div><div class=x><script>zone.adTag('top')</script></div><p>.</p><div><script>site_ad_create();"
        "site2ad_createBox();</script></div><p>.</p><div class=z><script>showAd('3')</script></div></div>",
        {"ad": 3},
    ),
    "one of several like items is no ad by its name": Case(
        "<table><tr>"
        + "".join(
            f"<td{name}><a href=/{n}/><img src=/{n}.jpg width=90 height=60><div>Cover</div></a></td>"
            for n, name in enumerate(("", "", " id=siteAdWide"))
        )
        + "</tr></table>",
        {},
    ),
    "the parts of a banner of the site's own are no ad": Case(
        "<div class=cta-banner><p class=cta-banner__text>Come to the <a href=/fair/>harbour fair</a></p></div>", {}
    ),
    "a word in a sentence, and a button, are no ads": Case(
        "<p>She wrote <span><a href=/b/><span class=ad-word>about the fish hall</span></a></span> in spring.</p>"
        "<button><div class=ad>Close</div></button>",
        {},
    ),
    "a short line beside blocks": Case(
        "<div id=foot><footer><a href=/ class=c><span></span>© 2031 Gazette</a><ul><li>Fish</li></ul></footer></div>",
        {"copyright": 1},
    ),
    "a credit at the end of the page is no caption": Case(
        "<div class=footer><div class=credit><div><p>© 2031 by Oster Wire. The harbour's data.</p></div></div></div>",
        {"copyright": 1},
    ),
    "who uses the site accepts": Case(
        "<footer><p>Use of and registration on any part of this site constitutes acceptance of its rules.</p></footer>",
        {"disclaimer": 1},
    ),
    "embedded comments": Case(
        "<div class=facebook-comments><fb:comments width=650></fb:comments></div>", {"comments": 1}
    ),
    "a thread": Case(
        "<div class=social-details><div class=comments>"
        + "".join(f"<section class=comment><p>{text}</p></section>" for text in PARAGRAPHS)
        + "</div></div>",
        {"comments": 1},
    ),
    "comments under a heading": Case(
        f"<div><h3>Comments (2)</h3><ol><li>Mila: {PARAGRAPHS[1]}</li><li>Jon: {PARAGRAPHS[2]}</li></ol></div>",
        {"comments": 1},
    ),
    "a bar of buttons that are no links": Case(
        "<div class=lft_share><div class=sticky>"
        + "".join(f"<span class=st_{name}_vcount></span>" for name in ("facebook", "twitter", "reddit"))
        + "</div></div>",
        {"social": 1},
    ),
    "a place for a bar": Case("<div><div class=shariff></div></div>", {"social": 1}),
    "a place for something beside a bar": Case("<div class=essb_break_scroll></div>", {}),
    "buttons to sign in are no bar": Case(
        "<div class=oauth-login><div class=socialIcons><a href=#><i class=facebook></i></a>"
        "<a href=#><i class=twitter></i></a></div></div>",
        {},
    ),
    "a bar has its heading": Case(
        "<div><div class=hd><h2>Recommend This</h2></div><div class=social-bar><div class=tweet>"
        "<a href=https://twitter.com/share>Tweet</a></div><div class=facebook-like></div></div></div>",
        {"social": 1},
        "Recommend This Tweet",
    ),
    "links to networks without what stands beside them": Case(
        "<div><div><form><label>Find</label><input name=q></form></div><div><h3>Follow Us</h3><span><a href=https://facebook.com/g></a>"
        "<a href=https://twitter.com/g></a></span></div></div>",
        {"social": 1},
        "Follow Us",
    ),
    "commissioners and their products are no notice": Case(
        "<div class=lead><p>The harbour commission wants to look at the products of both shops before it buys any.</p>"
        "</div>",
        {},
    ),
    "a commission that is earned is one": Case(
        "<div class=lead><p>If you buy through one of our links, we may earn a commission.</p></div>", {"disclaimer": 1}
    ),
    "a box of links in the article": Case(
        "<article>"
        + "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
        + f"<div class=related_inline><a href=/7/>{_TITLES[0]}</a></div><p>{PARAGRAPHS[0]}</p></article>",
        {"related": 1},
        around=False,
    ),
    "a picture of a heading": Case(
        f"<div><img src=/p.gif alt='Most popular'><div>{_items(*_TITLES[:3])}</div></div>", {"trending": 1}
    ),
    "a block that a screen reader calls so": Case(
        f"<section aria-label='Most read'>{_items(*_TITLES[:3])}</section>", {"trending": 1}
    ),
    "a slot that a screen reader calls so": Case("<div><div aria-label=Advertisement class=x></div></div>", {"ad": 1}),
    "a menu's entry that is called so": Case("<nav><a href=/ads/ aria-label=Advertisement>Place one</a></nav>", {}),
    "a slot that is marked up as one": Case(
        "<div><aside itemtype='https://schema.org/WPAdBlock'></aside></div>", {"ad": 1}
    ),
    "a heading of what has yet to come": Case(
        "<div class=box><div class=hd><div class=title>More from the Gazette</div></div><div>"
        "<div id=most_popular></div></div></div>",
        {"related": 1},
    ),
}


@pytest.fixture(scope="module")
def inventories() -> dict[str, Inventory]:
    """By case; one browser for all."""
    return dict(zip(CASES, take_each([case.page() for case in CASES.values()]), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_a_page_has_what_it_was_built_with(inventories: dict[str, Inventory], name: str) -> None:
    case, regions = CASES[name], inventories[name].regions
    found = [(region.kind, region.text[:60], region.rules) for region in regions]
    assert Counter(region.kind for region in regions) == case.found, found
    if case.text:
        assert " ".join(next(region.text for region in regions if region.text).split()) == case.text, found
