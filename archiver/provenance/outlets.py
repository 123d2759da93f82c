"""Who an outlet is: sites by registrable domain, names compared loosely, and what binds two outlets to one group.

Registrable domains follow the Public Suffix List (publicsuffix.org) as the pinned library carries it; nothing is
fetched. Names under a private suffix ("example.blogspot.com") are sites of their own.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

_SUFFIXES = PublicSuffixList()
_ICANN_SUFFIXES = PublicSuffixList(only_icann=True)
_MAX_HOST_CHARS = 253  # RFC 1035 section 2.3.4

_STAGING = re.compile(
    r"(?:^|[.-])(?:staging|stage|stg|dev|develop|test|testing|qa|uat|preview|preprod|beta|local|localhost|"
    r"origin|cms|admin|wpengine)"
    r"(?:\d{0,3})(?=[.-])"
)
_DOMAIN_NAME = re.compile(
    r"^(?:https?://)?(?:www\.)?((?:[a-z0-9][a-z0-9-]{0,40}\.){1,3}[a-z]{2,12})(?:/\S{0,200})?$", re.IGNORECASE
)

# Editions of one outlet: the name with one of these after it is the same house, but another edition.
EDITIONS = frozenset(
    "us uk usa eu au ca nz in ie za asia africa europe international global america australia canada india "
    "deutschland france "
    "españa espana mexico méxico brasil brazil italia polska nederland japan arabia mundo english español "
    "deutsch français "
    "magazine online digital edition".split()
)
# Hosting companies that the list of suffixes does not have, or only in part: below them, each name is a customer's.
_HOSTING = frozenset(
    "wordpress.com wpengine.com wpcomstaging.com squarespace.com webflow.io "
    "tumblr.com typepad.com livejournal.com "
    "substack.com medium.com over-blog.com canalblog.com hypotheses.org arcpublishing.com wixsite.com "
    "weebly.com jimdofree.com "
    "azurewebsites.net cloudfront.net pantheonsite.io herokuapp.com ghost.io blogspot.com".split()
)
# Hosts where anybody has pages; a link to one says nothing about a group.
_PLATFORMS = frozenset(
    "facebook.com twitter.com x.com instagram.com youtube.com youtu.be linkedin.com pinterest.com reddit.com "
    "t.me telegram.me "
    "whatsapp.com tiktok.com threads.net bsky.app truthsocial.com google.com apple.com flipboard.com vk.com ok.ru "
    "wa.me weibo.com medium.com tumblr.com addthis.com sharethis.com mastodon.social t.co amazon.com spotify.com "
    "wikipedia.org creativecommons.org archive.org wordpress.org wordpress.com vimeo.com flickr.com".split()
)


@lru_cache(maxsize=4096)
def host_of(url: str) -> str:
    """The host of an address in lower case, without a trailing dot; empty where there is none."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.rstrip(".").lower()[:_MAX_HOST_CHARS]


def site_of(url: str) -> str:
    """The registrable domain of an address, or the host itself where it has none (an IP address, `localhost`)."""
    return site_of_host(host_of(url))


@lru_cache(maxsize=4096)
def site_of_host(host: str) -> str:
    """The registrable domain of a host."""
    if not host or is_address(host):
        return host
    site = _SUFFIXES.privatesuffix(host) or host
    if site in _HOSTING and host.removeprefix("www.") != site:
        return f"{host.removesuffix('.' + site).rpartition('.')[2]}.{site}"
    return site


def is_address(host: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_platform(site: str) -> bool:
    """Whether anybody can have pages on the site."""
    return site in _PLATFORMS


def is_hosting(site: str) -> bool:
    """Whether the site is a customer's name below a hosting company's, as a private suffix of the list tells, too."""
    if site.partition(".")[2] in _HOSTING:
        return True
    shorter = _ICANN_SUFFIXES.privatesuffix(site)
    return bool(shorter) and shorter != site


def is_staging(host: str) -> bool:
    """Whether a host is one that readers are not meant to see: an IP address, `localhost`, `staging.example.com`."""
    return is_address(host) or "." not in host or bool(_STAGING.search(host))


def label_of(site: str) -> str:
    """The brand in a domain: `example` of `example.co.uk`."""
    suffix = _SUFFIXES.publicsuffix(site) or ""
    return site[: -len(suffix) - 1].rpartition(".")[2] if suffix and site != suffix else site.partition(".")[0]


def is_article_url(url: str) -> bool:
    """Whether an address leads to a page of its own rather than to a home page or a section's."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    path = parts.path.strip("/")
    if not path:
        return bool(re.search(r"(?:^|&)(?:p|id|story|article|page_id)=\w", parts.query))
    words = re.split(r"[-_/.]", path)
    is_index = re.fullmatch(r"(?:index|home|default|[a-z]{2}|[a-z]{2}[-_][a-z]{2})(?:\.\w{2,5})?", path, re.IGNORECASE)
    if is_index:
        return False
    return len(words) >= 3 or bool(re.search(r"\d{3}", path + parts.query)) or bool(parts.query) or len(path) >= 20


def domain_named(text: str) -> str:
    """The domain when a text is nothing but one ("Example.com", "www.example.org/page"); else empty."""
    match = _DOMAIN_NAME.match(text.strip(" .,:;()[]\"'“”„«»"))
    if not match:
        return ""
    host = match[1].lower()
    suffix = _ICANN_SUFFIXES.publicsuffix(host, accept_unknown=False)
    # Example domains (RFC 2606) are in no list.
    if not suffix and host.rpartition(".")[2] not in ("test", "example"):
        return ""
    return site_of_host(host)


def plain(name: str) -> str:
    """A name for comparing: lower case, without accents, articles, punctuation, and the suffix of a domain."""
    domain = domain_named(name)
    text = label_of(domain) if domain else name
    text = unicodedata.normalize("NFKD", text.casefold())
    text = "".join(character for character in text if not unicodedata.combining(character))
    text = re.sub(r"^(?:the|der|die|das|le|la|les|el|los|il|o|a)\s+", "", text)
    text = re.sub(r"[\W_]+", "", text)
    return text.removeprefix("the") if domain and len(text) > 6 else text


@dataclass(frozen=True)
class Identity:
    """Whose page it is: its site and the names that it calls itself by."""

    site: str
    names: frozenset[str]  # compared by `plain`
    group_sites: frozenset[str] = field(default_factory=frozenset)  # sites that its menus and footers lead to
    group_text: str = ""  # what its footer says, `plain`

    def is_self(self, name: str, site: str) -> bool:
        """Whether a named outlet or a linked site is this page's own."""
        if site and site == self.site:
            return not self.is_edition(name)
        if site:
            return False
        key = plain(name)
        label = plain(self.site)
        if not key:
            return False
        return key in self.names or label in (key, key.removesuffix("com")) or _is_short_for(key, label)

    def is_edition(self, name: str) -> bool:
        """Whether a name is that of this page's outlet with an edition after it ("Example UK" on `example.com`)."""
        words = name.split()
        if len(words) < 2 or words[-1].casefold().strip(".()") not in EDITIONS:
            return False
        stem = plain(" ".join(words[:-1]))
        return bool(stem) and (stem in self.names or stem == plain(self.site)) and plain(name) not in self.names

    def same_group(self, name: str, site: str) -> bool:
        """Whether the page itself tells that the other outlet belongs to the same house.

        By an edition's name, the same brand under another suffix, or its own menus and footer.
        """
        if self.is_edition(name) or (site and site == self.site):
            return True
        if site and label_of(site) == label_of(self.site) and len(label_of(site)) > 2:
            return True
        if site and site in self.group_sites:
            return True
        key = plain(name)
        return len(key) >= 6 and key in self.group_text


def _is_short_for(key: str, label: str) -> bool:
    """Whether up to four letters stand for a longer brand: they begin with its first and go on with others of it."""
    if not 2 <= len(key) <= 4 or len(label) < 2 * len(key) or key[0] != label[0]:
        return False
    letters = iter(label)
    return all(letter in letters for letter in key)


def identity(site: str, names: Iterable[str], group_sites: Iterable[str] = (), footer: str = "") -> Identity:
    """The identity of a page; names that are empty or the page's title are the caller's to leave out."""
    keys = frozenset(key for key in (plain(name) for name in names) if len(key) > 1)
    sites = frozenset(found for found in group_sites if found and found != site and not is_platform(found))
    return Identity(site, keys, sites, plain(footer[:20_000]))
