"""Leaves of some events, as the columns that rows are made of: numbers, times, texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.arrays import AnyArray, Int32, Int64, UInt8
from flowcheck.flows.canonical.columns import NOT_WHOLE
from flowcheck.flows.formats.leaves import Leaves
from flowcheck.flows.logs.columns.addresses import NULLS
from flowcheck.flows.logs.columns.once import Once
from flowcheck.flows.logs.columns.picked import picked
from flowcheck.flows.logs.values.times import PER_UNIT, in_microseconds, microseconds_of, unit_of
from flowcheck.kernels.logs import columns as kernels

Mask = npt.NDArray[np.bool_]
NONE = kernels.MISSING
"""Stands for a number that is not there."""
_FINEST = 1 << 62
_EXACT = 1 << 42
"""Below it any unit's number has its microseconds in 64 bits."""


class Texts(NamedTuple):
    """codes (rows,) int32: a place among the values, NONE where there is none; ``-`` is none."""

    codes: Int32
    values: pa.StringArray


class Table:
    """``records`` (rows,): the number of each event. ``rows``: which of the leaves' it has, None for all."""

    def __init__(self, leaves: Leaves, records: Int64, once: Once, rows: Int32 | None = None) -> None:
        self._leaves, self.records, self.once, self._rows = leaves, records, once, rows

    def __len__(self) -> int:
        return len(self.records)

    def where(self, rows: Mask) -> Table:
        """Some of its rows, of all that there are."""
        if rows.all():
            return self
        kept = np.flatnonzero(rows).astype(np.int32)
        return Table(self._leaves, self.records[kept], self.once, kept)

    def has(self, path: str) -> bool:
        return path in self._leaves

    def numbers(self, path: str) -> Int64:
        """NONE where there is none; what is not whole is a number that no column takes."""
        column = self._leaves.get(path)
        if column is None or pt.is_null(column.type):
            return np.full(len(self), NONE, dtype=np.int64)
        if pt.is_floating(column.type):
            values = self._these(column).cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
            whole = (np.abs(values) < _FINEST) & (values == np.floor(values))
            numbers = np.where(whole, values, NOT_WHOLE).astype(np.int64)
            return np.where(np.isnan(values), NONE, numbers)
        if _is_text(column.type):
            texts = self.texts(path)
            return np.array([*map(_whole, texts.values.to_pylist()), NONE], dtype=np.int64)[texts.codes]
        if column.type not in (pa.int32(), pa.int64()):
            column = column.cast(pa.int64())
        return self._picked(column, np.empty(len(self), dtype=np.int64))

    def _these(self, column: pa.Array) -> pa.Array:
        return column if self._rows is None else column.take(pa.array(self._rows))

    def _picked(self, column: pa.Array, out: AnyArray) -> AnyArray:
        """A column of int32 or int64 in ``out``, NONE where there is none: nulls, width and the choice of
        rows in one pass."""
        values, bits = _buffers(column)
        if self._rows is None and bits is None:
            out[:] = values
            return out
        rows = np.arange(len(self), dtype=np.int32) if self._rows is None else self._rows
        if bits is None:
            kernels.pick(values, rows, out)
        else:
            kernels.pick_valid(values, bits, column.offset, rows, out)
        return out

    def truth(self, path: str) -> tuple[Mask, Mask]:
        """(where it says yes, where it says no)."""
        column = self._leaves.get(path)
        if column is None or not pt.is_boolean(column.type):
            none = np.zeros(len(self), dtype=np.bool_)
            return none, none
        column = self._these(column)
        yes, no = column.fill_null(False), pc.invert(column).fill_null(False)
        return yes.to_numpy(zero_copy_only=False), no.to_numpy(zero_copy_only=False)

    def times(self, path: str, unit: str) -> tuple[Int64, Mask, Mask]:
        """(microseconds since 1970, which there are, which of the numbers have no unit). ``unit``: of
        numbers; empty: their magnitude tells it. What is not past 0 is no time."""
        column = self._leaves.get(path)
        if column is None or pt.is_null(column.type):
            none = np.zeros(len(self), dtype=np.bool_)
            return np.zeros(len(self), dtype=np.int64), none, none
        if pt.is_timestamp(column.type):
            return _of_timestamps(self._these(column))
        if column.type in (pa.int32(), pa.int64()):
            return _of_numbers(self.numbers(path), unit)
        if pt.is_integer(column.type) or pt.is_floating(column.type):
            return _of_numbers(self._these(column).fill_null(0).to_numpy(zero_copy_only=False), unit)
        return _of_texts(self.texts(path))

    def texts(self, path: str) -> Texts:
        encoded = self._encoded(path)
        if encoded is None:
            return Texts(np.full(len(self), NONE, dtype=np.int32), pa.array([], pa.string()))
        values, places = self.once.made(path, encoded.dictionary, _said)
        codes = self._codes(encoded)
        return Texts(codes if places is None else picked(places, codes), values)

    def are(self, path: str, holds: Callable[[str], bool]) -> Mask:
        """Of which rows a test of their text holds; it is asked once for each text, and rows are looked at
        only where the answers differ."""
        encoded = self._encoded(path)
        if encoded is None:
            return np.zeros(len(self), dtype=np.bool_)
        values, places = self.once.made(path, encoded.dictionary, _said)
        answers = np.array(
            [value is not None and holds(value) for value in values.to_pylist()], dtype=np.bool_
        )
        if places is not None:
            answers &= places[:-1] != NONE
        if (answers.all() and not encoded.null_count) or not answers.any():
            return np.full(len(self), answers.any())
        return picked(np.append(answers, False), self._codes(encoded))

    def _codes(self, encoded: pa.DictionaryArray) -> Int32:
        return self._picked(encoded.indices.cast(pa.int32()), np.empty(len(self), dtype=np.int32))

    def _encoded(self, path: str) -> pa.DictionaryArray | None:
        column = self._leaves.get(path)
        group, _, key = path.rpartition(".")
        if column is None and group in self._leaves:
            column = _looked_up(self._leaves[group], key)
        if column is None or not _is_text(column.type):
            return None
        return column if pt.is_dictionary(column.type) else column.dictionary_encode()


def _buffers(column: pa.Array) -> tuple[AnyArray, UInt8 | None]:
    """(values, the bits that say which there are, None for all) of int32 or int64, read-only."""
    bits, data = (None if one is None else np.frombuffer(one, dtype=np.uint8) for one in column.buffers())
    assert data is not None
    values = data.view(column.type.to_pandas_dtype())[column.offset : column.offset + len(column)]
    values.flags.writeable = False
    if bits is None or not column.null_count:
        return values, None
    bits.flags.writeable = False
    return values, bits


def _said(words: pa.Array) -> tuple[pa.StringArray, Int32 | None]:
    """(the words, what each code becomes where that is not itself: NONE for words that say nothing)."""
    values = words.cast(pa.string())
    empty = pc.fill_null(pc.is_in(values, pa.array(NULLS)), True).to_numpy(zero_copy_only=False)
    if not empty.any():
        return values, None
    return values, np.append(np.where(empty, NONE, np.arange(len(words))), NONE).astype(np.int32)


def _is_text(type_: pa.DataType) -> bool:
    type_ = type_.value_type if pt.is_dictionary(type_) else type_
    return bool(pt.is_string(type_) or pt.is_large_string(type_) or pt.is_binary(type_))


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) <= 18 else NOT_WHOLE


def _looked_up(column: pa.Array, key: str) -> pa.Array | None:
    """What a map of texts has under a key."""
    if not pt.is_map(column.type) or not _is_text(column.type.key_type):
        return None
    return pc.map_lookup(column, pa.scalar(key, column.type.key_type), "first")


def _of_timestamps(column: pa.Array) -> tuple[Int64, Mask, Mask]:
    there = column.is_valid().to_numpy(zero_copy_only=False)
    values = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False).cast(pa.int64()).fill_null(0)
    return values.to_numpy(zero_copy_only=False), there, np.zeros(len(column), dtype=np.bool_)


def _of_numbers(values: AnyArray, unit: str) -> tuple[Int64, Mask, Mask]:
    """What is not past 0 is none."""
    there = values > 0 if values.dtype.kind == "i" else (values > 0) & np.isfinite(values)
    told = values if there.all() else values[there]
    none = np.zeros(len(values), dtype=np.bool_)
    if not len(told):
        return np.zeros(len(values), dtype=np.int64), there, none
    most = float(told.max())
    units = {unit} if unit else {unit_of(float(told.min())), unit_of(most)}
    if len(units) == 1 and "" not in units:
        one = units.pop()
        if values.dtype == np.int64 and most < _EXACT and one != "ns" and len(told) == len(values):
            return in_microseconds(values, one), there, none
        return _in_microseconds(np.where(there, values, 0), one), there, none
    found, unclear = np.zeros(len(values), dtype=np.int64), there.copy()
    for one, least in (("s", 1e9), ("ms", 1e12), ("us", 1e15), ("ns", 1e18)):
        here = there & (values >= least) & (values < least * 10)
        found[here] = _in_microseconds(values[here], one)
        unclear &= ~here
    return found, there & ~unclear, unclear


def _in_microseconds(values: np.ndarray, unit: str) -> Int64:
    """A number past what a date can be is one that no column takes."""
    wide = np.abs(values.astype(np.float64)) * max(PER_UNIT[unit], 1e-3) < _FINEST
    values = np.where(wide, values, 0)
    found = values / 1000 if unit == "ns" else values * PER_UNIT[unit]
    return np.where(wide, found, NOT_WHOLE).astype(np.int64)


def _of_texts(texts: Texts) -> tuple[Int64, Mask, Mask]:
    values: Iterable[str | None] = texts.values.to_pylist()
    found, _ = microseconds_of(list(values))
    numbers = np.array([0, *(0 if one is None else one for one in found)], dtype=np.int64)
    known = np.array([False, *(one is not None for one in found)])
    return numbers[texts.codes + 1], known[texts.codes + 1], np.zeros(len(texts.codes), dtype=np.bool_)
