"""A page that counts no value holds none, however its bytes are to be read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from flowcheck.kernels.parquet import contents as c

PLAIN, DELTA, DICTIONARY, UNHEARD_OF = 0, 5, 8, 3


class Empty(NamedTuple):
    encoding: int
    body: bytes
    nullable: bool = False
    levels: int = -1


NOTHING = {
    "nothing": Empty(PLAIN, b""),
    "padding": Empty(PLAIN, bytes(8)),
    "levels of none": Empty(PLAIN, bytes(4), nullable=True),
    "no levels": Empty(PLAIN, b"", nullable=True, levels=0),
    "the head of differences": Empty(DELTA, b"\x80\x01\x04\x00\x00"),
    "no differences": Empty(DELTA, b""),
    "how wide an index is": Empty(DICTIONARY, b"\x03"),
    "nothing of another encoding": Empty(UNHEARD_OF, b""),
}
SOMETHING = {
    "a number": Empty(PLAIN, b"\x07" + bytes(7)),
    "more zeros than padding": Empty(PLAIN, bytes(16)),
    "something of another encoding": Empty(UNHEARD_OF, b"\x02\x00\x00\x00\x03\x01" + bytes(16)),
    "levels of two": Empty(PLAIN, b"\x02\x00\x00\x00\x04\x01" + bytes(16), nullable=True),
    "levels that do not end": Empty(PLAIN, b"\xff\x00\x00\x00" + bytes(16), nullable=True),
    "a number behind the head of differences": Empty(DELTA, b"\x80\x01\x04\x00\x00\x09\x01"),
    "what is read as such a head": Empty(DELTA, b"\x02\x00\x00\x00\x03\x03\x80\x01\x04"),
    "differences that do not end": Empty(DELTA, b"\x80"),
    "an index": Empty(DICTIONARY, b"\x01\x02\x01"),
    "indexes that do not end": Empty(DICTIONARY, b"\x03\x80"),
}


def held(page: Empty) -> int:
    fields = np.zeros(c.PAGE_FIELDS, dtype=np.int64)
    fields[c.ENCODING] = page.encoding
    body = np.frombuffer(page.body, dtype=np.uint8)
    return int(c.holds(body, page.levels, fields, page.nullable, 8))


@pytest.mark.parametrize("name", NOTHING)
def test_a_page_of_none(name: str) -> None:
    assert held(NOTHING[name]) == c.HOLDS


@pytest.mark.parametrize("name", SOMETHING)
def test_a_page_of_none_that_holds_some(name: str) -> None:
    assert held(SOMETHING[name]) == c.HOLDS_MORE
