"""IPv4 text is read as :mod:`ipaddress` reads it, whatever the text."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flowcheck.compile.endpoints.addresses import ROOTS, build_table, prefix
from flowcheck.kernels import lookup

ALMOST = st.text(st.sampled_from("0123456789. -+:x\u0661\x00"), max_size=17)
OCTETS = st.lists(
    st.integers(0, 300).map(str) | st.sampled_from(["", "00", "01", "256"]), min_size=3, max_size=5
)


def parse(text: str, around: bytes = b"") -> int:
    body = text.encode("utf-8", "surrogatepass")
    buffer = np.frombuffer(around + body + around, dtype=np.uint8)
    return int(lookup.parse_v4(buffer, len(around), len(around) + len(body)))


def by_ipaddress(text: str) -> int:
    try:
        return int(ipaddress.IPv4Address(text))
    except ValueError:
        return lookup.NOT_IPV4


@settings(deadline=None, max_examples=500)
@given(st.one_of(st.text(max_size=20), ALMOST, OCTETS.map(".".join)))
@example("0.0.0.0")
@example("255.255.255.255")
@example("1.2.3.256")
@example("01.2.3.4")
@example("1.2.3.4.")
@example("1.2..4")
@example("192.168.100.200")
def test_text_is_an_address_exactly_when_ipaddress_says_so(text: str) -> None:
    assert parse(text) == by_ipaddress(text)


@given(st.integers(0, 2**32 - 1))
def test_every_address_is_read_from_its_text(number: int) -> None:
    assert parse(str(ipaddress.IPv4Address(number))) == number


def test_digits_around_a_text_are_not_read() -> None:
    assert parse("1.2.3.4", around=b"99") == 0x01020304


def table_with(*texts: str):  # type: ignore[no-untyped-def]
    return build_table({net: n for n, net in enumerate((*ROOTS, *map(prefix, texts)))})


def test_texts_of_a_column_are_resolved_one_by_one() -> None:
    texts = ["10.0.0.1", "", "fd00::1", "10.0.0.2"]
    body = "".join(texts).encode()
    offsets = np.cumsum([0, *map(len, texts)]).astype(np.int64)
    found, keys = np.empty(4, dtype=np.int32), np.zeros(4, dtype=np.uint64)
    lookup.resolve_text(table_with("10.0.0.1/32"), offsets, np.frombuffer(body, dtype=np.uint8), found, keys)
    assert found.tolist() == [2, lookup.NOT_IPV4, lookup.NOT_IPV4, 0]
    assert keys.tolist() == [0x0A000001, 0, 0, 0x0A000002]


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [("::", 1), ("fd00::", 2), ("fd00::1", 3), ("fd00::2", 2), ("fd00:0:0:1::", 1), ("::ffff:10.0.0.1", 4)],
)
def test_an_ipv6_address_is_found_by_its_two_words(address: str, endpoint: int) -> None:
    number = int(ipaddress.IPv6Address(address))
    words = np.array([number >> 64, number & (1 << 64) - 1], dtype=np.uint64)
    found, key = np.empty(1, dtype=np.int32), np.empty(1, dtype=np.uint64)
    table = table_with("fd00::/64", "fd00::1", "10.0.0.1")
    lookup.resolve_v6_words(table, words[:1], words[1:], found, key)
    assert found[0] == endpoint
    assert (key[0] == 0x0A000001) == (endpoint == 4)
