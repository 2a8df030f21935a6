"""Addresses as words of dictionaries, each looked at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowcheck.arrays import Int32, Int64, UInt64
from flowcheck.flows.logs.columns.making import MISSING, WRONG
from flowcheck.flows.logs.columns.once import Once
from flowcheck.flows.logs.columns.picked import picked
from flowcheck.flows.logs.values.addresses import PLAIN_IPV4, canonical_address

NULLS = ("-", "")
"""What text stands for no value."""


class _Read(NamedTuple):
    """values (words,): the addresses in their one form, null for what is none. places (words + 1,): where
    each word's is; MISSING for a word that stands for no value, and at the end for no word; WRONG for what is
    no address."""

    values: pa.StringArray
    places: Int64


class Addresses:
    """Addresses of several columns as numbers, so that they can be chosen among and exchanged."""

    def __init__(self, once: Once) -> None:
        self._once = once
        self._values: list[tuple[str, pa.StringArray]] = []
        self._n = 0

    def codes(self, name: str, words: pa.StringArray, which: Int32) -> Int32:
        """A number for each (n,) of a column, MISSING where there is none, WRONG for what is no address.
        ``which`` of the words each is: less than 0, or one past the end, for none."""
        read = self._once.made(name, words, _read)
        numbers = np.where(read.places < 0, read.places, read.places + self._n).astype(np.int32)
        self._values.append((name, read.values))
        self._n += len(words)
        return picked(numbers, which)

    def keys(self, codes: Int32) -> UInt64:
        """(n,) the same for the same address, in whatever column and batch; 0 where there is none."""
        keys = [self._once.made(name, values, _keys) for name, values in self._values]
        return picked(np.concatenate([*keys, np.zeros(1, dtype=np.uint64)]), codes)

    def column(self, codes: Int32) -> pa.DictionaryArray:
        """The addresses (n,) in their one form; null where there is none that can be used."""
        values = pa.concat_arrays([pa.array([], pa.string()), *(values for _, values in self._values)])
        missing = codes < 0
        return pa.DictionaryArray.from_arrays(
            pa.array(codes, mask=missing if missing.any() else None), values
        )


def _read(words: pa.StringArray) -> _Read:
    """Nearly all are in their one form already."""
    plain = pc.match_substring_regex(words, PLAIN_IPV4).fill_null(False).to_numpy(zero_copy_only=False)
    places = np.append(np.arange(len(words)), MISSING)
    if plain.all():
        return _Read(words, places)
    texts = words.to_pylist()
    for place in np.flatnonzero(~plain).tolist():
        text = texts[place]
        none = text is None or text in NULLS
        texts[place] = None if none else canonical_address(text)
        if texts[place] is None:
            places[place] = MISSING if none else WRONG
    return _Read(pa.array(texts, pa.string()), places)


def _keys(values: pa.StringArray) -> UInt64:
    return np.fromiter(map(hash, values.to_pylist()), np.int64, len(values)).view(np.uint64)
