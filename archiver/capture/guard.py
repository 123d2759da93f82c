"""The guard: which addresses a page may not reach through us.

The ranges are IANA's special-purpose registries (RFC 6890), written out: what `ipaddress` calls global differs from one
Python to the next.
"""

from __future__ import annotations

import ipaddress
import re
import socket

_IPv4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared, behind a carrier's NAT
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # public by its number, but on Azure the host of the virtual machine
        "169.254.0.0/16",  # link-local; the metadata services of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; its two anycast addresses are those of the nearest NAT and TURN server
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, deprecated
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_UNICAST = ipaddress.IPv6Network("2000::/3")  # all that IANA has made global unicast
_IPv6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID; nothing there serves pages
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: leads to whatever IPv4 address it carries
        "3fff::/20",  # documentation
    )
)
# Outside of global unicast and yet possibly public: these are IPv4 addresses in another writing.
_CARRIERS = (
    ipaddress.IPv6Network("::ffff:0:0/96"),  # IPv4-mapped
    ipaddress.IPv6Network("64:ff9b::/96"),  # NAT64, RFC 6052 section 2.1
)
_ISATAP_MASK, _ISATAP = 0xFCFFFFFF, 0x00005EFE  # RFC 5214 section 6.1, without the two bits that may vary

_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")


def is_forbidden(address: str) -> bool:
    """Whether the guard keeps the browser from an address: all that is not globally routable unicast.

    Addresses that carry an IPv4 address (mapped, NAT64, ISATAP) are judged by that one; 6to4 and Teredo are refused
    whatever they carry. Raises `ValueError` for what is no address.
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return _is_forbidden_ipv4(ip)
    inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if any(ip in network for network in _CARRIERS):
        return _is_forbidden_ipv4(inner)
    if ip not in _UNICAST or any(ip in network for network in _IPv6):
        return True
    return (int(ip) >> 32) & _ISATAP_MASK == _ISATAP and _is_forbidden_ipv4(inner)


def _is_forbidden_ipv4(ip: ipaddress.IPv4Address) -> bool:
    return any(ip in network for network in _IPv4)


def literal(host: str) -> str | None:
    """The address that a host is by itself, without any look-up, in its usual writing; None for a name.

    Knows what browsers and C libraries take for IPv4, too: one to four numbers, each decimal, octal or hexadecimal.
    """
    try:
        return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, host))
    except (OSError, ValueError):
        pass
    try:
        return str(ipaddress.ip_address(host))  # IPv4, or IPv6 with a zone
    except ValueError:
        pass
    parts = host.split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    try:
        *firsts, last = (_number(part) for part in parts)
    except ValueError:
        return None
    if any(number > 255 for number in firsts) or last >= 256 ** (5 - len(parts)):
        return None
    value = last + sum(number << 8 * (3 - place) for place, number in enumerate(firsts))
    return str(ipaddress.IPv4Address(value))


def _number(text: str) -> int:
    """A part of an IPv4 address, as the URL standard reads it. Raises `ValueError` for octal with an 8 or 9."""
    if text[:2] in ("0x", "0X"):
        return int(text[2:] or "0", 16)
    return int(text, 8 if text[0] == "0" else 10)


def canonical(host: str) -> str:
    """A host as one text, however it was written: an address as `literal` gives it, a name in lower case."""
    host = host.lower().rstrip(".")
    return literal(host) or host
