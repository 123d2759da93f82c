"""The ways by which a page can make a browser connect somewhere, each with a target of its own.

In the texts `$U` stands
for the URL to reach, `$A` for its `host:port`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: a public address of the made-up network, where the names below also lead
PUBLIC = "93.184.216.34"
FIRST_PORT = 20_000

#: private names of the made-up network; a turncoat changes its answer after the first
ZONE = {
    "inner.test": ["10.99.0.1"],
    "alias.test": ["-> inner.test", "10.99.0.1"],
    "mixed.test": ["10.99.0.1", PUBLIC],
    "metadata.test": ["169.254.169.254"],
    "inner6.test": ["fd00::1"],
    "mapped.test": ["::ffff:10.99.0.1"],
    "prefetched.test": ["10.99.0.1"],
    "stun.test": ["10.99.0.1"],
    # also: turncoat.test, first PUBLIC, later private; missing.test, which is not there
    "turn.test": ["10.99.0.1"],
}


@dataclass(frozen=True)
class Way:
    """One way. `place` says where its `html` or `headers` stand: in a frame of the outlet's page, on that page itself,
    in a main document that leads there at once (`document`) or after it was shown (`navigation`).
    """

    name: str
    html: str = ""
    host: str = "10.99.0.1"
    place: str = "frame"  # frame | page | document | navigation
    scheme: str = "http"
    secure: bool = False  # on the outlet's https side
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200
    media_type: str = "text/html"
    scripts: dict[str, tuple[str, str]] = field(default_factory=dict)  # path -> media type and text
    works: bool = True  # whether it is sure to lead there with the guard lifted; the others may need a longer visit,
    # a user's hand, or another browser
    listed: bool = True  # whether the manifest lists it as a refused exchange
    in_any_network: bool = False  # needs no other address than 127.0.0.2
    path: str = "/x"


def _address(host: str, name: str = "", **more: object) -> Way:
    return Way(f"picture at {name or host}", "<img src=$U>", host, **more)  # type: ignore[arg-type]


_JS = "text/javascript"
_SCRIPT = "<script>%s</script>"
_SUBMIT = _SCRIPT % "document.forms[0].submit()"
_CLICK = _SCRIPT % "document.links[0].click()"


def _worker(script: str, scope: str, *, module: bool = False) -> str:
    """A script that registers a service worker."""
    kind = "module" if module else "classic"
    options = f"{{scope:'{scope}',type:'{kind}'}}"
    return _SCRIPT % f"navigator.serviceWorker.register('{script}',{options}).catch(()=>0)"


def _rtc(server: str) -> str:
    """A script that asks a STUN or TURN server for its own address."""
    settings = f"{{iceServers:[{{urls:'{server}',username:'a',credential:'b'}}]}}"
    return _SCRIPT % (
        f"const p=new RTCPeerConnection({settings});p.createDataChannel('a');"
        "p.createOffer().then(o=>p.setLocalDescription(o))"
    )


_IN_A_FRAME = (
    Way("picture", "<img src=$U>"),
    Way("srcset", "<img srcset='$U 1x'>"),
    Way("picture element", "<picture><source srcset=$U><img></picture>"),
    Way("image of a script", _SCRIPT % "new Image().src='$U'"),
    Way("input image", "<input type=image src=$U>"),
    Way("background of the body", "<body background=$U>x"),
    Way("iframe", "<iframe src=$U></iframe>"),
    Way("frameset", "<frameset cols='*'><frame src=$U></frameset>"),
    Way("object", "<object data=$U></object>"),
    Way("embed", "<embed src=$U type=text/html>"),
    Way("script", "<script src=$U></script>"),
    Way("module", "<script type=module src=$U></script>"),
    Way("module import", "<script type=module>import '$U'</script>"),
    Way("dynamic import", _SCRIPT % "import('$U').catch(()=>0)"),
    Way("style sheet", "<link rel=stylesheet href=$U>"),
    Way("CSS import", "<style>@import '$U';</style>"),
    Way("CSS url", "<style>body{background:url($U)}</style>x"),
    Way("CSS image-set", "<style>body{background:image-set('$U' 1x)}</style>x"),
    Way("CSS cursor", "<style>body{cursor:url($U),auto}</style>x"),
    Way("CSS list-style", "<ul style='list-style-image:url($U)'><li>x</ul>"),
    Way("CSS mask", "<div style='mask-image:url($U);width:9px;height:9px;background:red'></div>"),
    Way("print style", "<style media=print>body{background:url($U)}</style>x"),
    Way("font", "<style>@font-face{font-family:f;src:url($U)}body{font-family:f}</style>x"),
    Way("FontFace", _SCRIPT % "new FontFace('f','url($U)').load().catch(()=>0)"),
    Way("video", "<video src=$U preload=auto></video>"),
    Way("video poster", "<video poster=$U></video>"),
    Way("audio", "<audio src=$U preload=auto></audio>"),
    Way(
        "track",
        "<video muted><track default kind=subtitles src=$U></video>"
        "<script>document.querySelector('track').track.mode='showing'</script>",
        works=False,
        listed=False,
    ),
    Way(
        "track, anonymous",
        "<video crossorigin muted><track default kind=subtitles src=$U></video>"
        "<script>document.querySelector('track').track.mode='showing'</script>",
    ),
    Way("SVG image", "<svg><image href=$U width=9 height=9 /></svg>"),
    Way("SVG use", "<svg><use href='$U#a' /></svg>", works=False, listed=False),
    Way(
        "SVG filter image",
        "<svg><filter id=f><feImage href=$U /></filter><rect width=9 height=9 filter='url(#f)'/></svg>",
    ),
    Way(
        "XSLT",
        "<?xml version='1.0'?><?xml-stylesheet type='text/xsl' href='$U'?><a/>",
        media_type="text/xml",
        works=False,
        listed=False,
    ),
    Way(
        "CSS of XML", "<?xml version='1.0'?><?xml-stylesheet type='text/css' href='$U'?><a>x</a>", media_type="text/xml"
    ),
    Way(
        "external entity",
        "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e SYSTEM '$U'>]><a>&e;</a>",
        media_type="text/xml",
        works=False,
        listed=False,
    ),
    Way("fetch", _SCRIPT % "fetch('$U').catch(()=>0)"),
    Way("fetch without CORS", _SCRIPT % "fetch('$U',{mode:'no-cors'}).catch(()=>0)"),
    Way("fetch POST", _SCRIPT % "fetch('$U',{method:'POST',mode:'no-cors',body:'x'}).catch(()=>0)"),
    Way("fetch with a preflight", _SCRIPT % "fetch('$U',{headers:{'X-A':'1'}}).catch(()=>0)"),
    Way("fetch kept alive", _SCRIPT % "fetch('$U',{keepalive:true,mode:'no-cors'}).catch(()=>0)"),
    Way("XHR", _SCRIPT % "let x=new XMLHttpRequest();x.open('GET','$U');x.send()"),
    Way("XHR, synchronous", _SCRIPT % "let x=new XMLHttpRequest();x.open('GET','$U',false);try{x.send()}catch{}"),
    Way("WebSocket", _SCRIPT % "new WebSocket('$U')", scheme="ws"),
    Way("EventSource", _SCRIPT % "new EventSource('$U')"),
    Way("beacon", _SCRIPT % "navigator.sendBeacon('$U','x')"),
    Way("form GET", "<form action=$U></form>" + _SUBMIT),
    Way("form POST", "<form action=$U method=post><input name=a value=b></form>" + _SUBMIT),
    Way("form POST to a new window", "<form action=$U method=post target=_blank></form>" + _SUBMIT),
    Way("new window", _SCRIPT % "window.open('$U')"),
    Way("download link", "<a href=$U download=f>x</a>" + _CLICK),
    Way("ping", "<iframe name=p></iframe><a href=/empty target=p ping=$U>x</a>" + _CLICK),
    Way("meta refresh", "<meta http-equiv=refresh content='0;url=$U'>"),
    Way("Refresh header", headers=(("Refresh", "0; url=$U"),)),
    Way("location", _SCRIPT % "location.href='$U'"),
    Way("location with user-info", _SCRIPT % "location.href='http://user:pw@$A/x'", works=False, listed=False),
    Way("redirected frame", status=302, headers=(("Location", "$U"),)),
    Way(
        "redirected frame, user-info",
        status=302,
        headers=(("Location", "http://user:pw@$A/x"),),
        works=False,
        listed=False,
    ),
    Way("redirected picture", "<img src=/to?$U>"),
    Way("redirected fetch", _SCRIPT % "fetch('/to?$U',{method:'POST',body:'x',mode:'no-cors'}).catch(()=>0)"),
    Way("twice redirected script", "<script src='/to?/to?$U'></script>"),
    Way("preload", "<link rel=preload as=image href=$U>"),
    Way("Link header", headers=(("Link", "<$U>; rel=preload; as=image"),)),
    Way("modulepreload", "<link rel=modulepreload href=$U>"),
    Way("prefetch", "<link rel=prefetch href=$U>"),
    Way("CSP report", "<img src=/blocked>", headers=(("Content-Security-Policy", "img-src 'none'; report-uri $U"),)),
    Way(
        "worker's fetch",
        _SCRIPT % "new Worker('/js/w1')",
        scripts={"/js/w1": (_JS, "fetch('$U',{mode:'no-cors'}).catch(()=>0)")},
    ),
    Way("worker's importScripts", _SCRIPT % "new Worker('/js/w2')", scripts={"/js/w2": (_JS, "importScripts('$U')")}),
    Way(
        "worker's WebSocket",
        _SCRIPT % "new Worker('/js/w3')",
        scheme="ws",
        scripts={"/js/w3": (_JS, "new WebSocket('$U')")},
    ),
    Way(
        "worker of a module", _SCRIPT % "new Worker('/js/w4',{type:'module'})", scripts={"/js/w4": (_JS, "import '$U'")}
    ),
    Way("worker of a blob", _SCRIPT % "new Worker(URL.createObjectURL(new Blob([`fetch('$U',{mode:'no-cors'})`])))"),
    Way(
        "shared worker",
        _SCRIPT % "new SharedWorker('/js/s1')",
        scripts={"/js/s1": (_JS, "fetch('$U',{mode:'no-cors'}).catch(()=>0)")},
    ),
    Way("redirected worker", _SCRIPT % "new Worker('/to?$U')", listed=False, works=False),
    Way("STUN", _rtc("stun:$A"), scheme="udp", works=False, listed=False),
    Way("TURN", _rtc("turn:$A?transport=udp"), scheme="udp", works=False, listed=False),
    Way("TURN over TCP", _rtc("turn:$A?transport=tcp"), listed=False),
    Way("TURN over TLS", _rtc("turns:$A?transport=tcp"), listed=False),
    Way(
        "ICE candidate",
        _SCRIPT
        % """(async () => {
      const a = new RTCPeerConnection(), b = new RTCPeerConnection();
      a.createDataChannel('a');
      await a.setLocalDescription(await a.createOffer());
      await b.setRemoteDescription(a.localDescription);
      await b.setLocalDescription(await b.createAnswer());
      await a.setRemoteDescription(b.localDescription);
      const [host, port] = '$A'.split(':');
      for (const kind of [`udp 2113937151 ${host} ${port} typ host`,
                          `tcp 1518280447 ${host} ${port} typ host tcptype passive`])
        await a.addIceCandidate({candidate: `candidate:1 1 ${kind}`, sdpMid: '0', sdpMLineIndex: 0});
    })()""",
        listed=False,
    ),
)

_ADDRESSES = (
    _address("127.0.0.2", in_any_network=True),
    _address("2130706434", "127.0.0.2 in decimal", in_any_network=True),
    _address("0x7f000002", "127.0.0.2 in hexadecimal", in_any_network=True),
    _address("0177.0.0.2", "127.0.0.2 in octal", in_any_network=True),
    _address("127.2", "127.0.0.2 in short", in_any_network=True),
    _address("[::ffff:127.0.0.2]", "127.0.0.2, mapped", in_any_network=True),
    _address("%31%32%37.0.0.2", "127.0.0.2, escaped", in_any_network=True),
    _address("\uff11\uff12\uff17.\uff10.\uff10.\uff12", "127.0.0.2 in wide digits", in_any_network=True),
    _address("127.0.0.2.", "127.0.0.2 with a dot", in_any_network=True),
    _address("0.0.0.0", in_any_network=True),  # noqa: S104  # asked for, not bound
    _address("[::1]", in_any_network=True),
    _address("[::]", in_any_network=True),
    _address("localhost", in_any_network=True),
    _address("a.localhost.", in_any_network=True),
    _address("172.16.0.1"),
    _address("192.168.1.1"),
    _address("169.254.169.254"),
    _address("100.64.0.1"),
    _address("198.18.0.1"),
    _address("192.0.2.1"),
    _address("[fd00::1]"),
    _address("[2001:db8::1]"),
    _address("[::ffff:10.99.0.1]"),
    _address("[64:ff9b::a63:1]", "10.99.0.1 in NAT64"),
    _address("[64:ff9b:1::a63:1]", "10.99.0.1 in local NAT64"),
    _address("[2002:a63:1::1]", "10.99.0.1 in 6to4"),
    _address("[2001:0:808:808::f59c:fffe]", "10.99.0.1 in Teredo"),
    _address("[2a00::5efe:a63:1]", "10.99.0.1 in ISATAP"),
    _address("224.0.0.1", works=False),
    _address("255.255.255.255", works=False),
    _address("[fe80::1]", works=False),
    _address("[ff02::1]", works=False),
    _address("inner.test"),
    _address("INNER.test.", "a name in capitals with a dot"),
    _address("alias.test"),
    _address("mixed.test", listed=False),
    _address("metadata.test"),
    _address("inner6.test"),
    _address("mapped.test"),
    Way(
        "picture at a name that changes its answer",
        _SCRIPT % ("let n=0;const i=setInterval(()=>{new Image().src='$U?'+n;if(++n>4)clearInterval(i)},150)"),
        "turncoat.test",
        works=False,
        listed=False,
    ),
    Way("picture at a name without an address", "<img src=$U>", "missing.test", works=False, listed=False),
    Way("STUN by name", _rtc("stun:$A"), "stun.test", scheme="udp", works=False, listed=False),
    Way("TURN by name", _rtc("turn:$A?transport=tcp"), "turn.test", listed=False),
)

_ON_THE_PAGE = (
    Way("favicon", "<link rel=icon href=$U>", place="page"),
    Way("preconnect", "<link rel=preconnect href=$U>", place="page", works=False, listed=False),
    Way("manifest", "<link rel=manifest href=$U>", place="page", works=False, listed=False),
    Way(
        "dns-prefetch",
        "<link rel=dns-prefetch href=http://$A>",
        "prefetched.test",
        place="page",
        works=False,
        listed=False,
    ),
    Way("prerender", "<link rel=prerender href=$U>", place="page", works=False, listed=False),
)

_SECURE = (
    Way(
        "service worker's fetch",
        _worker("/js/sw1", "/js/1/"),
        secure=True,
        scheme="https",
        scripts={"/js/sw1": (_JS, "fetch('$U',{mode:'no-cors'}).catch(()=>0)")},
    ),
    Way(
        "service worker's importScripts",
        _worker("/js/sw2", "/js/2/"),
        secure=True,
        scheme="https",
        scripts={"/js/sw2": (_JS, "importScripts('$U')")},
    ),
    Way(
        "service worker's module",
        _worker("/js/sw3", "/js/3/", module=True),
        secure=True,
        scheme="https",
        scripts={"/js/sw3": (_JS, "import '$U'")},
    ),
    Way("secure picture", "<img src=$U>", secure=True, scheme="https"),
    Way("plain picture on a secure page", "<img src=$U>", secure=True),
    Way("secure WebSocket", _SCRIPT % "new WebSocket('$U')", secure=True, scheme="wss"),
    Way(
        "WebTransport",
        _SCRIPT % "new WebTransport('$U').ready.catch(()=>0)",
        secure=True,
        scheme="https",
        works=False,
        listed=False,
    ),
    Way(
        "speculative prefetch",
        '<script type=speculationrules>{"prefetch":[{"source":"list","urls":["$U"]}]}</script>',
        place="page",
        secure=True,
        scheme="https",
        works=False,
        listed=False,
    ),
    Way(
        "speculative prerender",
        '<script type=speculationrules>{"prerender":[{"source":"list","urls":["$U"]}]}</script>',
        place="page",
        secure=True,
        scheme="https",
        works=False,
        listed=False,
    ),
    Way(
        "fetchLater",
        _SCRIPT % "self.fetchLater&&fetchLater('$U',{activateAfter:0,mode:'no-cors'})",
        secure=True,
        scheme="https",
    ),
    Way(
        "reporting endpoint",
        "<img src=/blocked>",
        secure=True,
        scheme="https",
        headers=(("Reporting-Endpoints", 'r="$U"'), ("Content-Security-Policy", "img-src 'none'; report-to r")),
    ),
    Way(
        "network error logging",
        "x",
        secure=True,
        scheme="https",
        works=False,
        listed=False,
        headers=(
            ("Report-To", '{"group":"n","max_age":999,"endpoints":[{"url":"$U"}]}'),
            ("NEL", '{"report_to":"n","max_age":999,"success_fraction":1.0}'),
        ),
    ),
)

_DOCUMENTS = (
    Way("main document", host="127.0.0.2", place="document", in_any_network=True),
    Way("main document at IPv6", host="[fd00::1]", place="document"),
    Way("main document by name", host="inner.test", place="document"),
    Way("main document in decimal", host="2130706434", place="document", in_any_network=True),
    Way("main document at localhost", host="localhost", place="document", in_any_network=True),
    *(
        Way(
            f"main document redirected with {status}",
            host="169.254.169.254",
            place="document",
            status=status,
            headers=(("Location", "$U"),),
        )
        for status in (302, 307)
    ),
    Way(
        "main document redirected to a name",
        host="inner.test",
        place="document",
        status=302,
        headers=(("Location", "$U"),),
    ),
    Way(
        "main document redirected with user-info",
        host="127.0.0.2",
        place="document",
        status=302,
        headers=(("Location", "http://user:pw@$A/x"),),
        in_any_network=True,
    ),
    Way(
        "main document redirected twice",
        host="127.0.0.2",
        place="document",
        status=302,
        headers=(("Location", "/to?$U"),),
        in_any_network=True,
    ),
)

_NAVIGATIONS = (
    Way("meta refresh of the main document", "<meta http-equiv=refresh content='0;url=$U'>", place="navigation"),
    Way(
        "location of the main document with user-info",
        _SCRIPT % "setTimeout(()=>location.href='http://user:pw@$A/x',300)",
        place="navigation",
    ),
    Way("location of the main document", _SCRIPT % "setTimeout(()=>location.href='$U',300)", place="navigation"),
    Way("form POST of the main document", "<form action=$U method=post></form>" + _SUBMIT, place="navigation"),
)

WAYS = _IN_A_FRAME + _ADDRESSES + _ON_THE_PAGE + _SECURE + _DOCUMENTS + _NAVIGATIONS
PORTS = {way.name: FIRST_PORT + number for number, way in enumerate(WAYS)}
