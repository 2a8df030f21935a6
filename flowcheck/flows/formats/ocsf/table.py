"""Leaves of some events, as the columns that rows are made of: numbers, times, texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.arrays import Int32, Int64
from flowcheck.flows.canonical.columns import NOT_WHOLE
from flowcheck.flows.formats.leaves import Leaves
from flowcheck.flows.logs.values.times import PER_UNIT, microseconds_of, unit_of

Mask = npt.NDArray[np.bool_]
NONE = -1
"""Stands for a number that is not there."""
_FINEST = 1 << 62


class Texts(NamedTuple):
    """codes (rows,) int32: a place among the values, NONE where there is none; ``-`` is none."""

    codes: Int32
    values: pa.StringArray

    def are(self, holds: Callable[[str], bool]) -> Mask:
        """Of which rows a test holds; it is asked once for each text."""
        if not len(self.values):
            return np.zeros(len(self.codes), dtype=np.bool_)
        answers = np.array([value is not None and holds(value) for value in self.values.to_pylist()])
        return answers[self.codes] & (self.codes >= 0)

    def column(self) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(self.codes, mask=self.codes < 0), self.values)


class Table:
    """``records`` (rows,): the number of each event."""

    def __init__(self, leaves: Leaves, records: Int64) -> None:
        self._leaves, self.records = leaves, records

    def __len__(self) -> int:
        return len(self.records)

    def where(self, rows: Mask) -> Table:
        """Some of its rows."""
        if rows.all():
            return self
        kept = pa.array(rows)
        leaves = {path: column.filter(kept) for path, column in self._leaves.items()}
        return Table(leaves, self.records[rows])

    def numbers(self, path: str) -> Int64:
        """NONE where there is none; what is not whole is a number that no column takes."""
        column = self._leaves.get(path)
        if column is None or pt.is_null(column.type):
            return np.full(len(self), NONE, dtype=np.int64)
        if pt.is_floating(column.type):
            values = column.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
            whole = (np.abs(values) < _FINEST) & (values == np.floor(values))
            numbers = np.where(whole, values, NOT_WHOLE).astype(np.int64)
            return np.where(np.isnan(values), NONE, numbers)
        if _is_text(column.type):
            texts = self.texts(path)
            return np.array([*map(_whole, texts.values.to_pylist()), NONE], dtype=np.int64)[texts.codes]
        if column.type not in (pa.int32(), pa.int64()):
            column = column.cast(pa.int64())
        if column.null_count:
            column = column.fill_null(NONE)
        return np.asarray(column.to_numpy(zero_copy_only=False))

    def truth(self, path: str) -> tuple[Mask, Mask]:
        """(where it says yes, where it says no)."""
        column = self._leaves.get(path)
        if column is None or not pt.is_boolean(column.type):
            none = np.zeros(len(self), dtype=np.bool_)
            return none, none
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
            return _of_timestamps(column)
        if pt.is_integer(column.type) or pt.is_floating(column.type):
            return _of_numbers(column, unit)
        return _of_texts(self.texts(path))

    def texts(self, path: str) -> Texts:
        column = self._leaves.get(path)
        group, _, key = path.rpartition(".")
        if column is None and group in self._leaves:
            column = _looked_up(self._leaves[group], key)
        if column is None or not _is_text(column.type):
            return Texts(np.full(len(self), NONE, dtype=np.int32), pa.array([], pa.string()))
        encoded = column if pt.is_dictionary(column.type) else column.dictionary_encode()
        codes = encoded.indices.cast(pa.int32()).fill_null(NONE).to_numpy(zero_copy_only=False)
        values = encoded.dictionary.cast(pa.string())
        empty = pc.fill_null(pc.is_in(values, pa.array(["-", ""])), True).to_numpy(zero_copy_only=False)
        if empty.any():
            codes = np.where((codes >= 0) & ~empty[codes], codes, NONE).astype(np.int32)
        return Texts(codes, values)


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


def _of_numbers(column: pa.Array, unit: str) -> tuple[Int64, Mask, Mask]:
    there = column.is_valid().to_numpy(zero_copy_only=False)
    values = column.fill_null(0).to_numpy(zero_copy_only=False)
    there = there & (values > 0) & np.isfinite(values)
    told = values[there]
    if not len(told):
        return np.zeros(len(column), dtype=np.int64), there, ~there & False
    units = {unit} if unit else {unit_of(float(told.min())), unit_of(float(told.max()))}
    if len(units) == 1 and "" not in units:
        return _in_microseconds(np.where(there, values, 0), units.pop()), there, ~there & False
    found, unclear = np.zeros(len(column), dtype=np.int64), there.copy()
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
