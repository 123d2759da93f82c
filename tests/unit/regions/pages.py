"""Made-up pages with regions: their words are nobody's but ours."""

from __future__ import annotations

_HEAD = "<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title><style>{style}</style></head>"
_STYLE = "body{margin:0;font:16px serif} .cols{display:flex} .side{width:320px} small,.fine{font-size:11px}"

PARAGRAPHS = (
    "The ferry council of Oster Haven voted on Tuesday to let the night boats run until two in the morning, a year "
    "after the old timetable was dropped for want of pilots. Skippers had asked for it since spring.",
    "Mila Brandt, who has steered the red ferry for nineteen years, said that she would believe it when the lamps were "
    "lit. The council's own report counts forty evenings on which no boat left the pier at all.",
    "Fares stay as they are until the new year. After that, a ticket bought on board will cost a little more than one "
    "bought at the kiosk, which is to open again beside the fish hall.",
    "The harbour master wants a second pilot on call when the fog is thick. Whether there is money for one will be "
    "known when the town has closed its books, and that is not before the ice has gone.",
)


def _links(*titles: str) -> str:
    items = (f'<li><a href="/{number}/{title[:8].lower()}/">{title}</a></li>' for number, title in enumerate(titles, 7))
    return f"<ul>{''.join(items)}</ul>"


def _block(heading: str, *titles: str) -> str:
    return f'<div class="blk"><h4><span>{heading}</span></h4>{_links(*titles)}</div>'


_CAPITALS = (
    "THE GAZETTE IS A NEWSPAPER: NO SURGERY, NO BANK AND NO COURT. WHAT IT SAYS OF HERBS IS NO SUBSTITUTE FOR A "
    "PHYSICIAN, AND WHAT IT SAYS OF SHARES IS NO FINANCIAL ADVICE. SHOPS THAT ARE NAMED IN OUR LETTERS MAY PAY US A "
    "COMMISSION FOR EACH PURCHASE, WHICH ALTERS NO PRICE. WE ARE NOT LIABLE FOR WHAT GROWS IN YOUR GARDEN."
)
REUSE_BAN = (
    "Copyright 2031. To reprint, broadcast or sell this story, in full or by halves, is forbidden unless we have "
    "agreed in writing; the harbour school alone may copy it as it likes. Ask for terms at the kiosk."
)

#: the anatomy of a repost: what stands around it, in the order in which it stands there
REPOST = (
    _HEAD.format(title="Night Boats Return to Oster Haven - The Pier Gazette", style=_STYLE)
    + "<body><header><a href='/'>The Pier Gazette</a><nav><ul>"
    + "".join(
        f"<li><a href='/{name.lower()}/'>{name}</a></li>" for name in ("Home", "Harbour", "Town", "Weather", "Sport")
    )
    + "</ul></nav></header><div class=cols><main><article><h1>Night Boats Return to Oster Haven</h1>"
    + "<p class=by>Posted by <a href='/staff/'>Gazette Staff</a></p>"
    + "<figure><img src='/boat.jpg' width=600 height=400 alt='A ferry'><figcaption>The red ferry at the pier. "
    + "(Photo: J. Holm)</figcaption></figure>"
    + "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    + "<p>This article originally appeared at <a href='https://coastwire.test/'>Coastwire</a>.</p>"
    + f"<p>{REUSE_BAN}</p></article>"
    + "<div class=talk><a href='#talk' id=comments>Click here to comment</a></div>"
    + "<div class=box><p>- Advertisement -</p></div>"
    + "<div class=turn><div>Previous article<br><a href='/1/'>Council to Mend the Fish Hall Roof</a></div>"
    + "<div>Next article<br><a href='/2/'>Two Swans Stop the Morning Tram</a></div></div></main><div class=side>"
    + _block(
        "TRENDING NOW",
        "Lighthouse keeper finds a cello in the attic",
        "School choir sings for the last mill",
        "Why the tram is blue again this winter",
    )
    + "</div></div><div class=cols>"
    + _block(
        "TRENDING NOW",
        "The baker who sells only on Mondays",
        "A bridge with three names and no road",
        "Old maps of the marsh are on show",
    )
    + _block(
        "LATEST NEWS",
        "Rain closes the allotments for a week",
        "Library lends out umbrellas from Monday",
        "New clock for the market hall tower",
    )
    + _block(
        "EDITOR PICKS",
        "How the salt works came to the island",
        "A walk along the dyke with its builder",
        "Letters from the ice winter of long ago",
    )
    + '<div class="blk"><h4><span>POPULAR CATEGORY</span></h4><ul>'
    + "".join(
        f"<li><a href='/{name.lower()}/'>{name}<span>{number}</span></a></li>"
        for name, number in (("Harbour", 412), ("Town", 388), ("Weather", 97), ("Sport", 61))
    )
    + "</ul></div></div><footer><p>THE PIER GAZETTE • 4 LANTERN STREET • OSTER HAVEN</p>"
    + f"<p class=fine>{_CAPITALS}</p><p>Copyright 2031 The Pier Gazette</p></footer></body></html>"
)
REPOST_COUNTS = {"ad": 1, "trending": 3, "related": 2, "comments": 1, "copyright": 2, "disclaimer": 1}

#: an article about advertising, with all its words and no ad
INDUSTRY = (
    _HEAD.format(title="What an Advertisement Costs in a Small Town", style=_STYLE)
    + "<body class='single category-advertising tag-sponsored-posts'><header><nav><ul>"
    + "<li class='menu-item-advertising'><a href='/advertising/'>Advertising</a></li>"
    + "<li><a href='/banners/'>Banners</a></li><li><a href='/advertise/'>Advertise with us</a></li></ul></nav></header>"
    + "<main><article class='post category-advertising'><a class='cat-advertising' href='/advertising/'>Advertising</a>"
    + "<h1>What an Advertisement Costs in a Small Town</h1>"
    + "<p>An advertisement in the window of the fish hall costs three crowns a week. A banner on the tram, "
    + "300x250 inches, costs "
    + "forty, and the sponsor may choose the colour. Nobody in Oster Haven remembers it cheaper.</p>"
    + "<h2>Advertisements</h2><p>Sponsored content, says the tram company, has doubled: promoted walks, paid posts, a "
    + "sponsored song. The ad server in the cellar is a man called Otto, who changes the posters on Fridays.</p>"
    + "<h3>Sponsored links and what they are</h3><p>A link is sponsored when somebody pays for it. The council wants a "
    + "label on each, as on a jar. Ad blockers, it adds, are what the kiosk calls its shutters.</p>"
    + "<figure><img src='/poster.jpg' width=640 height=420 alt='An advertisement of 1910'><figcaption>An advertisement "
    + "of 1910, in the museum</figcaption></figure>"
    + "<p>See also <a href='https://museum.test/ads/'>the museum's collection of advertisements</a>.</p></article>"
    + "</main>"
    + "<footer><p>Advertising enquiries: <a href='mailto:ads@gazette.test'>write to us</a></p></footer></body></html>"
)

#: one slot that nobody bought, one that holds a picture, and one that a frame of another site fills
SLOTS = (
    _HEAD.format(title="Three slots", style=_STYLE)
    + "<body><main><article><h1>Three slots</h1>"
    + "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    + "</article></main><div id='div-gpt-ad-100-0' style='width:300px;height:250px'></div>"
    + "<div class='advert'><span>Advertisement</span><a href='https://boots.test/'>"
    + "<img src='https://boots.test/boots.png' width=300 height=100 alt='Boots'></a></div>"
    + "<p style='height:40px'></p><div id=holder style='padding:10px'>"
    + "<iframe id=sold src='https://loaf.test/creative.html' width=300 height=250 style='border:0'></iframe></div>"
    + "<iframe id=film src='https://film.test/player.html' width=560 height=315 style='border:0'></iframe>"
    + "<iframe id=plain style='border:0;width:200px;height:77px'></iframe></body></html>"
)
CREATIVE = "<!doctype html><body><a href='https://loaf.test/buy'>Warm loaves, two for one</a><iframe src='https://count.test/'></iframe>"
PLAYER = "<!doctype html><body><p>A film about the pier, which is no advertisement at all.</p>"
COUNTER = "<!doctype html><body><p>seen</p>"


def heavy(elements: int) -> str:
    """A page with so many elements: an article, and blocks of links beside it."""
    blocks = (
        f"<div class='widget w{number}'><h3>Section {number}</h3><ul>"
        + "".join(
            f"<li><div><a href='/{number}/{item}'><img src='/p.jpg'></a><h4><a href='/{number}/{item}'>"
            f"A headline of some length on {number} and {item}</a></h4><span>May {item}</span></div></li>"
            for item in range(8)
        )
        + f"</ul></div><div class='ad-slot' id='div-gpt-ad-{number}'></div>"
        for number in range(elements // 60)
    )
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS * 15)
    return f"<title>Much</title><main><article><h1>Much</h1>{paragraphs}</article></main>{''.join(blocks)}"
