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
_LONG_TITLES = tuple(f"{title}, at length" for title in _TITLES[:4])
_SERVICES = (
    "Group licences for offices",
    "Buy the book of tide tables",
    "Data and research services",
    "License our text and data",
)
_ELSEWHERE = ("https://mill.test/a", "https://rope.test/b", "https://sail.test/c")
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


def _within_article(*boxes: str) -> str:
    """An article with boxes between its paragraphs."""
    rest = "".join(f"{box}<p>{text}</p>" for box, text in zip(boxes, PARAGRAPHS[::-1], strict=False))
    return _ARTICLE.replace("</article>", rest + "</article>")


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
    "places with a label each are one ad each": Case(
        "<div class=col>"
        + "".join(f"<div class=cell><p>Advertisement</p><i></i></div><a href={u}></a>" for u in _ELSEWHERE)
        + "</div>",
        {"ad": 3},
    ),
    "a list that begins with a label is an ad": Case(
        "<ul class=cards><li><span>Advertisement</span></li><li class=title>From the trade</li>"
        f"<li><a href=/t/1>{_TITLES[0]}</a></li></ul>",
        {"ad": 1},
        f"Advertisement From the trade {_TITLES[0]}",
    ),
    "a list whose first item is an ad is none": Case(
        "<ul><li><div><span>Advertisement</span><div class=pl></div></div></li>"
        + "".join(f"<li><a href=/{n}/>{title}</a></li>" for n, title in enumerate(_LONG_TITLES))
        + "</ul>",
        {"ad": 1, "related": 1},
    ),
    "a heading over places that a network fills": Case(
        "<div class=related_stories><h3>You Might Also Like</h3><div id=taboola-below></div><div id=taboola-more></div>"
        "</div>",
        {"ad": 1},
        "You Might Also Like",
    ),
    "buttons to share beside a sponsor's name": Case(
        "<section class=share-sponsored><ul class=share>"
        + "".join(f"<li class=share-{name}><a href=#>{name}</a></li>" for name in ("facebook", "twitter", "reddit"))
        + "</ul></section>",
        {"social": 1},
    ),
    "who supplies the data, and on what terms": Case(
        "<footer><div id=sponsor><div class=tip><p>© Oster Wire 2031.</p><p>All rights reserved. Republication or"
        " redistribution of Oster Wire content is prohibited without the prior written consent of Oster Wire. Oster"
        " Wire is not liable for any errors or delays.</p></div><p>Data supplied by"
        " <a href=https://wire.test/>Oster Wire</a>. © Oster Wire Limited.</p></div></footer>",
        {"copyright": 2, "disclaimer": 1},
    ),
    "a form is no empty slot, nor is a date, nor a player": Case(
        "<div><div class=bannerSearch><form action=/search><input name=q></form></div><div id=date-pub></div>"
        "<div class=native-video></div></div>",
        {},
    ),
    "names of formats in one word, and old calls": Case(
        "<div><div id=layerad></div><p>.</p><div class=inserted-housead></div><p>.</p><div id=left>"
        "<script>GA_googleFillSlot('Left');</script></div></div>",
        {"ad": 3},
    ),
    "columns of services at the end of the page": Case(
        "<footer><section class=column><h5>Advertise with us</h5><div><h4><a href=/g/>Harbour Link</a></h4></div><ul>"
        "<li><a href=/p/>Newspaper</a></li><li><a href=/m/>Magazine</a></li></ul><h5>The Gazette at work</h5><ul>"
        + "".join(f"<li><a href=/s/{n}>{t}</a></li>" for n, t in enumerate(_SERVICES))
        + "</ul></section></footer>",
        {},
    ),
    "whose a picture is": Case(
        "<div><figure><span class=copyright>© Harbour Pictures</span><img src=/b.jpg><figcaption>The boats at dusk"
        "</figcaption></figure></div>",
        {},
    ),
    "boxes in the article with the headline of another": Case(
        _within_article(
            f"<figure><img src=/a.jpg><figcaption><a href=/1/a><h5>{_TITLES[0]}</h5>"
            "<span>Read on</span></a></figcaption></figure>",
            f"<aside><a href=/2/a><img src=/b.jpg></a><div><a href=/2/a><h6>{_TITLES[1]}</h6></a>"
            f"<p>{PARAGRAPHS[0][:90]}</p><a href=/2/a>Read more</a></div></aside>",
        ),
        {"related": 2},
        around=False,
    ),
    "boxes in the article that are something else": Case(
        _within_article(
            "<figure><img src=/a.jpg><figcaption>The boats, seen from <a href=/1/a>the old harbour wall at dusk</a>"
            "</figcaption></figure>",
            "<aside><h4>Mila Brandt</h4><p>She writes about boats, and once about "
            "<a href=/2/a>the ice winter of long ago</a>.</p></aside>",
            "<figure><blockquote><p>Nobody reads the tide tables any more.</p></blockquote></figure>",
        ),
        {},
        around=False,
    ),
    "a heading, its topic, and one headline": Case(
        "<div><div class=wrap><div class=top><h3>More on:</h3><h6><a href=/t/b/>boats at night</a></h6></div>"
        f"<h5><a href=/4/>{_TITLES[0]}</a></h5></div></div>",
        {"related": 1},
        f"More on: boats at night {_TITLES[0]}",
    ),
    "what to read next beside buttons to share": Case(
        "<div class=share-box><div class=read-next-box><p class=read-next><a href=/5/>Read next:</a></p>"
        f"<p class=t><a href=/5/>{_TITLES[0]}</a><a href=/5/>{_TITLES[0]}.</a></p></div></div>",
        {"related": 1},
    ),
    "a short title among the titles of a list": Case(
        "<div class=box><div class=hd><h2>Most Popular This Week</h2></div><div class=in>"
        + "<hr>".join(
            f"<h3><a href=/{n}/>{t}</a></h3>"
            for n, t in enumerate((_LONG_TITLES[0], _TITLES[4][:24], *_LONG_TITLES[1:]))
        )
        + "</div></div>",
        {"trending": 1},
        f"Most Popular This Week {_LONG_TITLES[0]} {_TITLES[4][:24]} {' '.join(_LONG_TITLES[1:])}",
    ),
    "two headlines under words that say little": Case(
        _within_article(
            "<div><div class=entry-related><h4>More Related to this Story</h4><ul>"
            f"<li><p><a href=/1/>{_TITLES[0]}</a></p></li><li><p><a href=/2/>{_TITLES[1]}</a></p></li></ul></div></div>"
        ),
        {"related": 1},
        around=False,
    ),
    "a line of breaking news": Case(
        "<header><div class=menu><div class=line><span>Breaking</span><ul id=top-ticker>"
        f"{_items(*_TITLES[:4])}</ul></div></div></header>",
        {"related": 1},
    ),
    "comments that are yet to come": Case(
        "<div><div><h3>Comments</h3><div><p>Loading comments...</p></div></div></div>", {"comments": 1}
    ),
    "a heading that is alone in its box is not that of the next box": Case(
        "<div class=trending><h3 class=line>Trending</h3></div><div></div><div><h3 class=line>The Yard</h3>"
        f"{_items(*_TITLES[:4])}</div>",
        {"trending": 1, "related": 1},
        "Trending",
    ),
    "a heading over a list of empty items": Case(
        "<div class=low><h3>Recommended For You</h3><ul>"
        + "<li><a href=''><img src=/x.png></a><h4></h4></li>" * 3
        + "</ul></div>"
        f"<div class=discussion>{_items(*_TITLES[:2])}</div>",
        {"related": 1},
        "Recommended For You",
    ),
    "what is featured in a line at the top is a menu": Case(
        "<header><div class=line><ul class=round><li class=featured-title><div>Featured:</div></li>"
        + "".join(
            f"<li><a href=/{n}/>{t}</a></li>" for n, t in enumerate(("Tide Tables", "The Harbour Fair Guide", "Prizes"))
        )
        + "</ul></div></header>",
        {},
    ),
    "more about the site itself": Case(
        "<footer><section class=about><div><h2>More About The Gazette</h2></div><div><ul>"
        + "".join(
            f"<li><a href=/{n}/>{t}</a></li>"
            for n, t in enumerate(("Contact Us", "Rules for those who advertise", "Privacy", "Careers", "Masthead"))
        )
        + "</ul></div></section></footer>",
        {},
    ),
    "the head of a page with a tab for what is popular": Case(
        "<div class=top><ul class=tabs><li><a href=#>Trending</a></li><li><a href=#>Recent</a></li></ul>"
        "<div class=main-nav><ul>"
        + "".join(
            f"<li><a href=/{t}/>{t}</a></li>" for t in ("Harbour", "Market", "Boats", "Weather", "Letters", "Sport")
        )
        + "</ul></div></div>",
        {},
    ),
    "adverts for jobs are no articles": Case(
        f"<aside><div class=ticker-jobs><div class=job-list>{_items(*_LONG_TITLES)}</div></div></aside>", {}
    ),
    "a picture that its link enlarges": Case(
        _within_article(
            f"<div class=entry-featured><div><a href=/large.jpg><img src=/a.jpg></a></div><div>"
            f"<p>{_TITLES[0]}. Picture: Mila Brandt for the Oster Haven Gazette</p></div></div>"
        ),
        {},
        around=False,
    ),
    "items whose headline is no link but has one after it": Case(
        "<div class=widget><div><h4 class=block-heading>Latest News</h4><ul>"
        + "".join(
            f"<li><h3>{t}</h3><div>{PARAGRAPHS[n][:200]}...<a href=/{n}/>Read more</a></div></li>"
            for n, t in enumerate(_TITLES[:3])
        )
        + "</ul></div></div>",
        {"related": 1},
    ),
    "names and what they said are no such items": Case(
        "<div class=comments><h3>Comments (2)</h3><ol>"
        + "".join(
            f"<li><h4>{name} of the old harbour says</h4><p>{PARAGRAPHS[n][:200]}</p><a href=/r/{n}>Reply</a></li>"
            for n, name in enumerate(("Mila", "Jon"))
        )
        + "</ol></div>",
        {"comments": 1},
    ),
    "widgets of one make are one each, whatever their headings": Case(
        "<div class=side>"
        + "".join(
            f"<section class='box {head}'><h3 class=box-top>{head}</h3>"
            + "".join(
                f"<article class=in><div><a href=/{t[:9]}#c>5</a></div><a href=/{t[:9]}><h4>{t}</h4></a></article>"
                for t in some
            )
            + "</section>"
            for head, some in (("Harbour", _TITLES[:4]), ("Notes", _TITLES[4:5]))
        )
        + "</div>",
        {"related": 2},
        "Harbour " + " ".join(f"5 {t}" for t in _TITLES[:4]),
    ),
    "a label and a heading over an empty place": Case(
        "<div class=box><span class=mark>Advertisement</span><h2>You Might Also Like</h2><div><div id=up1></div></div>"
        "</div>",
        {"ad": 1},
        "Advertisement You Might Also Like",
    ),
    "forms to subscribe without a word": Case(
        "<div><form action=https://g.test/newsletter/ method=post><input name=email><input type=submit></form></div>"
        "<p>.</p><div id=mc_embed_signup><form action=/x><input type=email name=m><input type=submit></form></div>",
        {"newsletter": 2},
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
