"""The guard's table: what is not public is refused in every writing, the same with every Python."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from archiver.capture.guard import canonical, is_forbidden, literal


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("10.0.0.1", id="private 10/8"),
        pytest.param("172.16.0.1", id="private 172.16/12, first"),
        pytest.param("172.31.255.255", id="private 172.16/12, last"),
        pytest.param("192.168.1.1", id="private 192.168/16"),
        pytest.param("127.0.0.1", id="loopback"),
        pytest.param("127.255.255.254", id="loopback, far end"),
        pytest.param("169.254.169.254", id="link-local, cloud metadata"),
        pytest.param("100.64.0.1", id="CGNAT, first"),
        pytest.param("100.127.255.255", id="CGNAT, last"),
        pytest.param("0.0.0.0", id="unspecified"),  # noqa: S104  # judged, not bound
        pytest.param("0.1.2.3", id="this network"),
        pytest.param("192.0.0.1", id="protocol assignments"),
        pytest.param("192.0.2.1", id="documentation 1"),
        pytest.param("198.51.100.1", id="documentation 2"),
        pytest.param("203.0.113.1", id="documentation 3"),
        pytest.param("198.18.0.1", id="benchmarks"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("239.255.255.255", id="multicast, last"),
        pytest.param("240.0.0.1", id="reserved"),
        pytest.param("255.255.255.255", id="broadcast"),
        pytest.param("::", id="v6 unspecified"),
        pytest.param("::1", id="v6 loopback"),
        pytest.param("fe80::1", id="v6 link-local"),
        pytest.param("fe80::1%eth0", id="v6 link-local with its zone"),
        pytest.param("::1%lo", id="v6 loopback with a zone"),
        pytest.param("fc00::1", id="unique local, first"),
        pytest.param("fdff::1", id="unique local"),
        pytest.param("ff02::1", id="v6 multicast, link"),
        pytest.param("ff0e::1", id="v6 multicast, global"),
        pytest.param("2001:db8::1", id="v6 documentation"),
        pytest.param("100::1", id="v6 discard"),
        pytest.param("2001:2::1", id="v6 benchmarks"),
        pytest.param("::ffff:127.0.0.1", id="mapped loopback"),
        pytest.param("::ffff:10.0.0.1", id="mapped private"),
        pytest.param("::ffff:a9fe:a9fe", id="mapped cloud metadata"),
        pytest.param("::ffff:224.0.0.1", id="mapped multicast"),
        pytest.param("2002:7f00:1::", id="6to4 of loopback"),
        pytest.param("2002:c0a8:101::1", id="6to4 of private"),
        pytest.param("2001:0:808:808::80ff:fffe", id="Teredo of loopback"),
        pytest.param("2001:0:808:808::f5ff:fffe", id="Teredo of private"),
        pytest.param("64:ff9b::7f00:1", id="NAT64 of loopback"),
        pytest.param("64:ff9b::a9fe:a9fe", id="NAT64 of cloud metadata"),
        pytest.param("64:ff9b::a00:1", id="NAT64 of private"),
        # Not globally reachable by IANA's registries; ipaddress of Python 3.11.7 does not know all of them.
        pytest.param("fec0::1", id="site-local, RFC 3879"),
        pytest.param("::127.0.0.1", id="v4-compatible loopback, RFC 4291 section 2.5.5.1"),
        pytest.param("64:ff9b:1::a00:1", id="local NAT64, RFC 8215"),
        pytest.param("3fff::1", id="v6 documentation, RFC 9637"),
        pytest.param("5f00::1", id="SRv6 segments, RFC 9602"),
        pytest.param("4000::1", id="v6 unicast that IANA never gave out"),
        pytest.param("192.0.0.8", id="dummy address, RFC 7600"),
        pytest.param("192.0.0.9", id="anycast of the nearest NAT, RFC 7723"),
        pytest.param("192.88.99.1", id="6to4 relay"),
        pytest.param("168.63.129.16", id="host of an Azure machine"),
        pytest.param("100.100.100.200", id="metadata of Alibaba"),
        pytest.param("fd00:ec2::254", id="v6 cloud metadata"),
        pytest.param("2002:808:808::", id="6to4 of a public address"),
        pytest.param("2001:0:808:808::f7f7:f7f7", id="Teredo of a public address"),
        pytest.param("2001:10::1", id="ORCHID"),
        pytest.param("2001:20::1", id="ORCHIDv2"),
        pytest.param("2001:1::1", id="anycast of the nearest NAT, v6"),
        pytest.param("2a00::5efe:10.0.0.1", id="ISATAP of private"),
        pytest.param("2a00::200:5efe:127.0.0.1", id="ISATAP of loopback, global bit"),
        pytest.param("fe80::5efe:8.8.8.8", id="ISATAP, link-local"),
        pytest.param("::8.8.8.8", id="v4-compatible public, deprecated"),
        pytest.param("::ffff:0:10.0.0.1", id="v4-translated private, RFC 2765"),
        pytest.param("::ffff:0:8.8.8.8", id="v4-translated public"),
        pytest.param("64:ff9b:1:ffff:ffff:ffff:808:808", id="local NAT64 of public"),
        pytest.param("100:0:0:1::1", id="dummy prefix, RFC 9780"),
        pytest.param("fe80::8.8.8.8%1", id="v6 link-local, numbered zone"),
        pytest.param("febf:ffff::1", id="v6 link-local, last"),
        pytest.param("e000::1", id="v6 never given out, high"),
    ],
)
def test_the_guard_forbids_what_is_not_globally_routable(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.216.34",
        "172.15.255.255",
        "172.32.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450:4001:80b::200e",
        "2001:4860:4860::8888",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "192.0.1.0",
        "192.31.196.1",
        "168.63.129.17",
        "2001:200::1",
        "2001:db7:ffff::1",
        "2001:db9::1",
        "2003::1",
        "2a00::5efe:8.8.8.8",
        "2620:4f:8000::1",
    ],
)
def test_the_guard_allows_public_addresses(address: str) -> None:
    assert not is_forbidden(address)


_PRIVATE = [
    ipaddress.IPv4Network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10")
]
_privates = st.sampled_from(_PRIVATE).flatmap(lambda network: st.ip_addresses(v=4, network=network))
_publics = st.ip_addresses(v=4).filter(lambda ip: not is_forbidden(str(ip)))
_low64 = st.integers(0, (1 << 64) - 1)


def _ipv6(value: int) -> str:
    return str(ipaddress.IPv6Address(value))


_EMBEDDINGS = {
    "itself": lambda v4, low: str(ipaddress.IPv4Address(v4)),
    "mapped": lambda v4, low: _ipv6(0xFFFF << 32 | v4),
    "compatible": lambda v4, low: _ipv6(v4),
    "translated": lambda v4, low: _ipv6(0xFFFF << 48 | v4),
    "6to4": lambda v4, low: _ipv6(0x2002 << 112 | v4 << 80 | low),
    "Teredo, client": lambda v4, low: _ipv6(0x20010000 << 96 | (low & 0xFFFFFFFF) << 64 | (v4 ^ 0xFFFFFFFF)),
    "Teredo, server": lambda v4, low: _ipv6(0x20010000 << 96 | v4 << 64 | low),
    "NAT64": lambda v4, low: _ipv6(0x64FF9B << 96 | v4),
    "local NAT64": lambda v4, low: _ipv6(0x64FF9B0001 << 80 | (low & 0xFFFF) << 32 | v4),
    "ISATAP": lambda v4, low: _ipv6((0x2A00 << 48 | low >> 16) << 64 | 0x5EFE << 32 | v4),
    "ISATAP, global bit": lambda v4, low: _ipv6((0x2A00 << 48 | low >> 16) << 64 | 0x02005EFE << 32 | v4),
}


@pytest.mark.parametrize("embedding", _EMBEDDINGS)
@given(inner=_privates, low=_low64)
def test_a_private_ipv4_address_is_refused_in_every_embedding(
    embedding: str, inner: ipaddress.IPv4Address, low: int
) -> None:
    assert is_forbidden(_EMBEDDINGS[embedding](int(inner), low))


@pytest.mark.parametrize("embedding", ["itself", "mapped", "NAT64", "ISATAP"])
@given(inner=_publics, low=_low64)
def test_a_public_ipv4_address_is_allowed_where_the_embedding_leads_nowhere_else(
    embedding: str, inner: ipaddress.IPv4Address, low: int
) -> None:
    assert not is_forbidden(_EMBEDDINGS[embedding](int(inner), low))


@given(st.ip_addresses())
def test_what_python_calls_private_is_refused(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assume(not ip.is_global or ip.is_multicast)
    assert is_forbidden(str(ip))


@given(st.ip_addresses(v=6, network="2000::/3"))
def test_a_public_ipv6_address_is_allowed(ip: ipaddress.IPv6Address) -> None:
    special = ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
    assume(not any(ip in ipaddress.ip_network(text) for text in special))
    assume((int(ip) >> 32) & 0xFFFF != 0x5EFE)
    assert not is_forbidden(str(ip))


@pytest.mark.parametrize("text", ["", "a.test", "256.1.1.1", "1.2.3", "::1::", "[::1]"])
def test_what_is_no_address_is_not_judged(text: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        is_forbidden(text)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("1.2.3", "1.2.0.3"),
        ("2130706433", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0X7F.0.0.0x1", "127.0.0.1"),
        ("0177.0.0.01", "127.0.0.1"),
        ("00000000000000000000000177.1", "127.0.0.1"),
        ("0", "0.0.0.0"),  # noqa: S104  # read, not bound
        ("0x", "0.0.0.0"),  # noqa: S104
        ("4294967295", "255.255.255.255"),
        ("169.254.43518", "169.254.169.254"),
        ("::1", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("::ffff:7f00:1", "::ffff:127.0.0.1"),
        ("FE80::1%eth0", "fe80::1%eth0"),
    ],
)
def test_an_address_is_read_in_every_writing_a_browser_knows(host: str, address: str) -> None:
    found = literal(host)
    assert found is not None
    assert found.lower() == address


@pytest.mark.parametrize(
    "host",
    [
        *("a.test", "a.1", "", ".", "1..2", "1.2.3.4.5", "256.1.1.1", "1.16777216", "4294967296", "9" * 5000),
        *("08.1", "0x1g", "-1", "+1", "1.2.3.4 ", "\u0661.1.1.1", "[::1]"),
    ],
)
def test_what_is_no_address_is_a_name(host: str) -> None:
    assert literal(host) is None


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_read_as_the_c_library_reads_it(ip: ipaddress.IPv4Address) -> None:
    a, b, c, d = ip.packed
    for text in (
        f"{a}.{b}.{c << 8 | d}",
        f"{a}.{b << 16 | c << 8 | d}",
        f"0{int(ip):o}",
        hex(int(ip)),
        f"0{a:o}.{b:#x}.{c}.{d}",
    ):
        assert literal(text) == socket.inet_ntoa(socket.inet_aton(text)) == str(ip)


@given(st.ip_addresses())
def test_every_address_has_one_canonical_writing(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert canonical(ip.exploded.upper()) == canonical(str(ip)) == canonical(canonical(str(ip)))


def test_names_are_canonical_in_lower_case_without_dots_at_the_end() -> None:
    assert canonical("News.Test..") == "news.test"
