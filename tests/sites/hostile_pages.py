"""Pages that do what no page should, as HTML: what each does stands in its script. `TRUE` is what they really show."""

from __future__ import annotations

TRUE = "This sentence really stands on the page."
_TEXT = f"<h1>Hostile</h1><p>{TRUE}</p>"


def page(*, head: str = "", body: str = "", script: str = "", title: str = "hostile") -> str:
    """A page with the true sentence, and a script behind it."""
    code = f"<script>{script}</script>" if script else ""
    return f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{_TEXT}{body}{code}</body></html>"


def _after_load(script: str) -> str:
    return page(script=f"addEventListener('load', () => setTimeout(() => {{ {script} }}, 100))")


# Each lie is put over a function or property that a reader of the page may use. LIE is what it gives.
LIES: dict[str, str] = {
    "fetch": "window.fetch = () => Promise.reject(LIE)",
    "querySelectorAll": "for (const it of [Element, Document, DocumentFragment])"
    " it.prototype.querySelectorAll = () => LIES()",
    "array iterator": "Array.prototype[Symbol.iterator] = function* () { LIES() }",
    "JSON": "JSON.stringify = () => LIES(); JSON.parse = () => LIES()",
    "getHTML": "Element.prototype.getHTML = () => LIES(); ShadowRoot.prototype.getHTML = () => LIES()",
    "outerHTML": "for (const name of ['outerHTML', 'innerHTML'])"
    " Object.defineProperty(Element.prototype, name, { get: () => LIES() });"
    "Node.prototype.cloneNode = () => LIES(); XMLSerializer.prototype.serializeToString = () => LIES()",
    "documentElement": "for (const name of ['documentElement', 'body', 'title', 'doctype'])"
    " Object.defineProperty(document, name, { get: () => LIES() })",
    "innerText": "Object.defineProperty(HTMLElement.prototype, 'innerText', { get: () => LIES() });"
    "Object.defineProperty(Node.prototype, 'textContent', { get: () => LIES() })",
    "Math": "Math.max = () => LIES(); Math.min = () => LIES()",
    "scrollHeight": "for (const name of ['scrollHeight', 'clientHeight'])"
    " Object.defineProperty(Element.prototype, name, { get: () => 1e9 });"
    "window.scrollTo = () => LIES()",
    "string": "String.prototype.replace = () => LIES(); Array.prototype.join = () => LIES();"
    "Array.prototype.push = () => LIES(); Array.prototype.map = () => LIES()",
    "Promise": "window.Promise = function () { LIES() }; Promise.resolve = () => LIES();"
    "window.setTimeout = () => LIES()",
    "Map and Set": "window.Map = function () { LIES() }; window.Set = function () { LIES() };"
    "Map.prototype = Set.prototype = {}",
}
_LIAR = "const LIE = 'A LIE'; const LIES = () => LIE;"
_THROWER = "const LIE = 'A LIE'; const LIES = () => { throw new Error(LIE) };"


def liar(names: list[str], *, throws: bool) -> str:
    """A page that tells these lies, or throws instead of telling them."""
    code = (_THROWER if throws else _LIAR) + ";".join(LIES[name] for name in names)
    return page(head=f"<script>(() => {{ {code} }})()</script>")


def liars_side_by_side() -> str:
    """A frame for each lie and for each thrower, on hosts of their own."""
    frames = "".join(
        f"<iframe src='//{how}{number}.liars.test/liar?{how}={number}' width=300 height=60></iframe>"
        for how in ("lies", "throws")
        for number in range(len(LIES))
    )
    return page(body=frames)


_BARE_WINDOWS = "setInterval(() => window.open(), 100);"

PAGES: dict[str, str] = {
    "/plain": page(),
    "/elsewhere": "<!doctype html><title>elsewhere</title><p>Where the page went.</p>",
    # scripts without end
    "/spin-later": _after_load("while (true) {}"),
    "/spin-in-head": page(head="<script>while (true) {}</script>"),
    "/dialogs": page(script="for (let n = 0; n < 10000; n++) { alert('no ' + n); confirm('?'); prompt('!') }"),
    "/before-unload": page(
        script="addEventListener('beforeunload', (event) => { event.preventDefault(); event.returnValue = 'stay' });"
        "addEventListener('load', () => setTimeout(() => location.replace('/elsewhere'), 100))"
    ),
    "/prints": _after_load("for (let n = 0; n < 10000; n++) window.print()"),
    "/writes": _after_load("setInterval(() => { document.open(); document.write('<p>again') }, 0)"),
    "/writes-and-never-closes": _after_load("document.open(); for (;;) document.write('<p>and on')"),
    "/pushes": page(script="let n = 0; setInterval(() => history.pushState(n, '', '/pushes?' + n++), 1)"),
    "/floods": page(
        script="const socket = new WebSocket(`wss://${location.host}/socket`);"
        "socket.onmessage = ({ data }) => { socket.send(data); socket.send(data) }"
    ),
    "/events-page": page(script="new EventSource('/events').onmessage = () => {}"),
    "/fetches": page(script="for (let n = 0; n < 10000; n++) fetch('/text?' + n).catch(() => {})"),
    "/worker": page(script="for (let n = 0; n < 4; n++) new Worker('/spin.js')"),
    # going away
    "/refresh-second": page(head="<meta http-equiv=refresh content=1>"),
    "/refresh-at-once": page(head="<meta http-equiv=refresh content=0>"),
    "/away": _after_load("location.replace('/elsewhere')"),
    "/away-to-blob": _after_load(
        "location.href = URL.createObjectURL(new Blob(['<title>blob</title>blob'], { type: 'text/html' }))"
    ),
    # Chromium closes only windows that a script opened: the page asks in vain, the popups do not.
    "/closes": page(
        head="<script>window.close()</script>",
        script="window.open('/closes-itself?0'); window.open('/closes-itself?1500'); window.open('', '_self').close()",
    ),
    "/closes-itself": page(script="setTimeout(() => window.close(), Number(location.search.slice(1)))"),
    # big ones
    "/iframes": page(
        body="".join(
            f"<iframe src='/frame?{n}'></iframe>"
            if n % 40 == 0
            else "<iframe srcdoc='inside'></iframe>"
            if n % 2
            else "<iframe></iframe>"
            for n in range(2000)
        )
    ),
    "/frame": "<!doctype html><p>A frame of its own.</p>",
    "/elements": page(body="<div>" * 3000 + "the innermost" + "</div>" * 3000 + "<i>e</i>" * 100_000),
    "/tall": "<!doctype html><style>body { margin: 0 }</style><div style='height: 60000px; background: "
    "linear-gradient(red, blue)'>top</div>",
    "/scrolls-on": page(
        body="<div id=more></div>",
        script="const grow = () => { for (let n = 0; n < 30; n++)"
        " document.getElementById('more').append(Object.assign(document.createElement('p'), { textContent: n })) };"
        "grow(); addEventListener('scroll', grow);",
    ),
    "/grows": _after_load("const all = []; for (;;) all.push(new Uint8Array(1 << 24).fill(1))"),
    # bombs as subresources
    "/holds-bombs": page(
        body="<img src='/bomb?as=br&type=image/svg%2bxml'>",
        script="fetch('/bomb?as=gzip').then((answer) => answer.text()).then((it) => { window.it = it })",
    ),
    # windows and downloads
    "/downloads": page(
        script="for (let n = 0; n < 50; n++) { const it = document.createElement('a');"
        " it.href = '/download?' + n; it.download = 'file' + n; document.body.append(it); it.click() }"
    ),
    "/popups": page(script="for (let n = 0; n < 50; n++) window.open('/plain?' + n, 'window' + n)"),
    "/bare-popups": page(script=_BARE_WINDOWS),
    # asking for what a page may not have
    "/asks": page(
        script="""
        document.documentElement.requestFullscreen().catch(() => {});
        Notification.requestPermission();
        navigator.geolocation.watchPosition(() => {}, () => {});
        navigator.clipboard.readText().catch(() => {});
        navigator.clipboard.writeText('overwritten').catch(() => {});
        navigator.mediaDevices.getUserMedia({ video: true, audio: true }).catch(() => {});
        document.documentElement.requestPointerLock();
        setInterval(() => { for (let n = 0; n < 50; n++) console.error('refused', n) }, 100);
        """
    ),
    "/schemes": page(
        body="<iframe src='file:///etc/passwd'></iframe><iframe src='chrome://version'></iframe>"
        "<iframe src='/refresh-to?javascript:document.write(%22WRITTEN%20BY%20SCRIPT%22)'></iframe>"
        "<iframe src='/refresh-to?file:///etc/passwd'></iframe>"
        "<iframe src='/redirect?file:///etc/passwd'></iframe>"
        "<img src='/scripted.svg?picture'><object data='/scripted.svg?object' type='image/svg+xml'></object>"
        "<a href='file:///etc/passwd' id=link>link</a>",
        script="document.getElementById('link').click()",
    ),
    "/imports": page(head="<link rel=stylesheet href=/import.css?0>"),
    "/refreshes-to-data": page(head="<meta http-equiv=refresh content='0;url=data:text/html,WRITTEN'>"),
    # a worker that answers in the site's place
    "/served-by-worker": page(
        script="navigator.serviceWorker.register('/service.js').then(() => navigator.serviceWorker.ready)"
        ".then(() => { if (!navigator.serviceWorker.controller) location.reload() })"
    ),
    # being killed; /trigger is asked for at the moment that each is about
    "/killed-while-loading": page(body="<img src='/trigger'>"),
    "/killed-while-settling": _after_load("fetch('/trigger').catch(() => {})"),
    # Goes on asking after the death of a helper process that Chromium starts anew.
    "/killed-and-goes-on": _after_load(
        "fetch('/trigger').catch(() => {});"
        "for (let n = 0; n < 8; n++) setTimeout(() => document.body.append("
        "Object.assign(document.createElement('iframe'), { src: '/frame?after' + n })), 1500 + 100 * n)"
    ),
    # odd names
    "/odd-names": "<!doctype html><title>x</title>"
    + page(
        body="<iframe name='a&#13;&#10;WARC-Type: fake&#8238;'"
        " src='/frame?%0d%0aWARC-Type:%20fake&amp;\u202e'></iframe>"
        "<img src='/text?\u202egnp.exe'>",
        script="""
        document.title = 'first\\r\\nWARC-Type: fake\\0\\x1b[2J\\u202e\\ud800' + 'long '.repeat(20000);
        history.pushState(0, '', '/odd-names?' + '\\u202e%0d%0aWARC-Type:fake ' + 'x'.repeat(100000));
        alert('a dialog\\r\\nwith \\x1b[31m colour \\u202e');
        fetch('/text?' + 'y'.repeat(100000)); fetch('/odd-fields'); fetch('/odd-disposition?' + Math.random());
        """,
    ),
}

FILES: dict[str, tuple[bytes, str]] = {
    "/spin.js": (b"text/javascript", "for (;;) {}"),
    "/service.js": (
        b"text/javascript",
        "const PAGE = '<!doctype html><title>worker</title><p>The worker made this up.';"
        "addEventListener('install', () => skipWaiting());"
        "addEventListener('activate', (event) => event.waitUntil(clients.claim()));"
        "addEventListener('fetch', (event) => { if (event.request.mode === 'navigate')"
        " event.respondWith(new Response(PAGE, { headers: { 'Content-Type': 'text/html' } })) })",
    ),
    # As a picture it may run nothing; as a document within the page it may.
    "/scripted.svg": (
        b"image/svg+xml",
        "<svg xmlns='http://www.w3.org/2000/svg' width='50' height='50'>"
        "<script>fetch('/text?script-of' + location.search)</script><rect width='50' height='50'/></svg>",
    ),
}
