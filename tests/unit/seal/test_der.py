"""DER is read in one way, and nothing that could be read in two."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from archiver.seal import der
from archiver.seal.der import DerError, Fields, parse
from tests.unit.seal.stamps import nested


@given(st.integers(-(2**200), 2**200))
def test_integers_are_read_as_others_write_them(value: int) -> None:
    assert parse(core.Integer(value).dump()).integer() == value


@given(st.tuples(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**70), max_size=8)))
def test_object_identifiers_are_read_as_others_write_them(arcs: tuple[int, int, list[int]]) -> None:
    text = ".".join(map(str, (arcs[0], arcs[1], *arcs[2])))
    assert parse(core.ObjectIdentifier(text).dump()).oid() == text


@given(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001  # without a zone is what is asked for
def test_times_are_read_as_others_write_them(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert parse(core.GeneralizedTime(aware).dump()).time() == aware


@given(st.binary(max_size=70000))
def test_octets_are_read_as_others_write_them(value: bytes) -> None:
    data = core.OctetString(value).dump()
    if len(data) <= der.MAX_BYTES:
        assert parse(data).octets() == value


@given(st.binary(max_size=200))
def test_any_bytes_are_der_or_an_error(data: bytes) -> None:
    try:
        element = parse(data)
    except DerError:
        return
    assert element.raw == data


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("", "ends where a value should begin"),
        ("30", "ends within a value"),
        ("0500 00", "1 bytes after its end"),
        ("3080 0500 0000", "indefinite"),
        ("3081 02 0500", "shortest form"),
        ("3081 80" + "00" * 127, "longer than what it is in"),
        ("3082 007f" + "00" * 127, "shortest form"),
        ("30ff" + "00" * 20, "longer than|shortest form"),
        ("3003 0500", "longer than what it is in"),
        ("3002 0501", "longer than what it is in"),
        ("1f01 00", "more than one byte"),
        ("3002 0000", "tag 0"),
        ("2404 0402 0000", "in pieces"),
        ("1000", "in pieces"),
        ("0101 01", "not as DER has them"),
        ("0100", "not as DER has them"),
        ("0200", "not as DER has them"),
        ("0202 007f", "not as DER has them"),
        ("0202 ff80", "not as DER has them"),
        ("0301 08", "not as DER has them"),
        ("0301 01", "not as DER has them"),
        ("0501 00", "not as DER has them"),
        ("0600", "not as DER has them"),
    ],
)
def test_what_only_ber_allows_is_refused(data: str, told: str) -> None:
    with pytest.raises(DerError, match=told):
        parse(bytes.fromhex(data))


@pytest.mark.parametrize("content", ["80", "8001", "81", "2a81", "2a80", "2a8001", "2a" + "ff" * 18 + "7f"])
def test_object_identifiers_have_one_form(content: str) -> None:
    data = bytes.fromhex(content)
    with pytest.raises(DerError):
        parse(bytes([6, len(data)]) + data).oid()


@pytest.mark.parametrize(
    "text",
    [
        "20260504030201",
        "202605040302Z",
        "20260504030201.Z",
        "20260504030201.10Z",
        "20260504030201+0000",
        "20260504030260Z",
        "20260230030201Z",
        "00000504030201Z",
        "2026050403020\u0661Z",
        "20260504030201." + "1" * 30 + "Z",
    ],
)
def test_times_have_one_form(text: str) -> None:
    data = text.encode()
    with pytest.raises(DerError):
        parse(bytes([0x18, len(data)]) + data).time()


def test_what_is_large_or_deep_is_refused_before_it_is_read() -> None:
    assert parse(nested(der.MAX_DEPTH)).tag == der.SEQUENCE
    for data in (nested(der.MAX_DEPTH + 2), nested(5000), bytes(der.MAX_BYTES + 1)):
        with pytest.raises(DerError):
            parse(data)
    large = bytes(der.MAX_BYTES - 4)
    with pytest.raises(DerError, match="more than the 65536 that are read"):
        parse(b"\x04\x83" + len(large).to_bytes(3, "big") + large)
    fits = large[:-5]
    assert parse(b"\x04\x82" + len(fits).to_bytes(2, "big") + fits).octets() == fits
    many = b"\x05\x00" * (der.MAX_ELEMENTS + 1)
    with pytest.raises(DerError, match="values"):
        parse(b"\x30\x82" + len(many).to_bytes(2, "big") + many)


def test_fields_are_taken_in_order_and_all_of_them() -> None:
    fields = Fields(parse(bytes.fromhex("3006 0101ff 020105")))
    with pytest.raises(DerError):
        fields.take(der.INTEGER)
    assert fields.maybe(der.INTEGER) is None
    assert fields.take(der.BOOLEAN).boolean()
    with pytest.raises(DerError, match="not expected"):
        fields.end()
    assert fields.take().integer() == 5
    fields.end()
    with pytest.raises(DerError, match="too early"):
        fields.take()


def test_a_set_is_sorted_without_moving_anything_else() -> None:
    data = bytes.fromhex("300c 310a 020103 020101 04020000")
    inner = parse(data).children[0]
    assert not der.is_sorted(inner.children)
    sorted_data = der.with_sorted(data, inner)
    assert sorted_data == bytes.fromhex("300c 310a 020101 020103 04020000")
    assert der.is_sorted(parse(sorted_data).children[0].children)
    assert not der.is_sorted(parse(bytes.fromhex("3106 020101 020101")).children)


def test_a_value_is_read_as_what_it_is_only() -> None:
    null = parse(b"\x05\x00")
    for read in (null.integer, null.boolean, null.octets, null.oid, null.text, null.time):
        with pytest.raises(DerError, match="where"):
            read()
    with pytest.raises(DerError, match="where"):
        Fields(null)
    with pytest.raises(DerError, match="UTF-8"):
        parse(b"\x0c\x01\xff").text()
