"""Fields as columns of whatever type they were found in, and what they hold: numbers, codes, times, texts.

A value that does not fit rejects its row, and the row alone.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.arrays import Int32, Int64, writable
from flowcheck.flows.canonical.columns import readable
from flowcheck.flows.canonical.numbers import LIMITS
from flowcheck.flows.canonical.schema import is_text
from flowcheck.flows.canonical.times import EARLIEST, LATEST, microseconds
from flowcheck.flows.logs.columns.addresses import NULLS, Addresses
from flowcheck.flows.logs.columns.making import MISSING, WRONG, Bool, Making
from flowcheck.flows.logs.columns.picked import picked
from flowcheck.flows.logs.values.times import in_microseconds

_WHOLE = r"^[0-9]{1,18}$"
_NANOSECONDS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}


def numbers(made: Making, name: str, column: pa.Array | None) -> Int64:
    """The values of a canonical column (n,), MISSING where there is none or it cannot be used."""
    if column is None or pt.is_null(column.type):
        return np.full(made.n, MISSING, dtype=np.int64)
    low, high = LIMITS[name]
    whole, missing = _whole(column), None
    if whole.null_count:
        missing = whole.is_null().to_numpy(zero_copy_only=False)
        whole = whole.fill_null(low)
    values = whole.to_numpy(zero_copy_only=False)
    if made.n and (values.min() < low or values.max() > high):
        wrong = (values < low) | (values > high)
        made.reject(wrong, f"bad_{name}")
        values = np.where(wrong, MISSING, values)
    if missing is not None:
        values = np.where(missing, MISSING, values)
    return np.asarray(values, dtype=np.int64)


def times(made: Making, name: str, column: pa.Array | None, unit: str) -> None:
    """Make a column of times: of numbers of a unit (s, ms, us, ns) since 1970, or what already is a time."""
    if column is None or pt.is_null(column.type):
        return
    if pt.is_timestamp(column.type):
        missing, (values, wrong) = column.is_null(), microseconds(column)
    else:
        whole = _whole(column)
        missing = whole.is_null()
        counts = (whole.fill_null(0) if whole.null_count else whole).to_numpy(zero_copy_only=False)
        values, wrong = _microseconds(counts, unit)
        if not pt.is_integer(column.type) and counts.size and counts.min() < 0:
            unread = counts == WRONG  # or it would be a time, shortly before 1970
            wrong = unread if wrong is None else wrong | unread
    if wrong is not None:
        made.reject(wrong, f"bad_{name}")
    made.put_times(name, values, ~missing.to_numpy(zero_copy_only=False))


def texts(made: Making, name: str, column: pa.Array | None) -> None:
    """Make a column of texts, null where they stand for no value."""
    if column is not None and not pt.is_null(column.type):
        words = _dictionary(column)
        values = [None if word in NULLS else word for word in words.dictionary.to_pylist()]
        made.columns[name] = pa.array([*values, None], pa.string()).take(pa.array(_places(words)))


def addresses(book: Addresses, name: str, column: pa.Array | None, n: int) -> Int32:
    """A number for each (n,), of a book."""
    if column is None or pt.is_null(column.type):
        return np.full(n, MISSING, dtype=np.int32)
    words = _dictionary(column)
    return book.codes(name, words.dictionary, _places(words))


def _microseconds(numbers: Int64, unit: str) -> tuple[Int64, Bool | None]:
    """Times of a unit in microseconds; and which lie outside the years 1 to 9999, None where none do."""
    low, high = (
        min(max(seconds * 1_000_000_000 // _NANOSECONDS[unit], -(1 << 63) + 1), (1 << 63) - 1)
        for seconds in (EARLIEST // 1_000_000, LATEST // 1_000_000)
    )
    if numbers.size and (numbers.min() < low or numbers.max() > high):
        wrong = (numbers < low) | (numbers > high)
        return in_microseconds(np.where(wrong, 0, numbers), unit), wrong
    return in_microseconds(numbers, unit), None


def _whole(column: pa.Array) -> pa.Array:
    """A column as int64; what is no whole number becomes one that no column takes."""
    if is_text(column.type):
        return _whole_of_texts(column)
    if column.type == pa.int64():
        return column
    plain = readable(pa.RecordBatch.from_arrays([column], names=["bytes"])).column(0)
    return plain.cast(pa.int64(), safe=False) if pt.is_integer(plain.type) else _whole_of_texts(plain)


def _whole_of_texts(column: pa.Array) -> pa.Array:
    texts = column.cast(pa.string())
    texts = pc.if_else(pc.is_in(texts, value_set=pa.array(NULLS)), pa.scalar(None, pa.string()), texts)
    whole = pc.match_substring_regex(texts, _WHOLE)
    if not pc.all(whole).as_py():
        texts = pc.replace_substring_regex(texts, r"\.0+$", "")
        whole = pc.match_substring_regex(texts, _WHOLE)
    return pc.if_else(whole, pc.if_else(whole, texts, "0").cast(pa.int64()), pa.scalar(WRONG, pa.int64()))


def coded(column: pa.Array | None, codes: dict[str, int], n: int, other: int = MISSING) -> Int64:
    """Words (n,) as numbers; MISSING for none, ``other`` for a word that has no code."""
    if column is None or pt.is_null(column.type):
        return np.full(n, MISSING, dtype=np.int64)
    words = _dictionary(column)
    table = [codes.get(word, other) for word in words.dictionary.to_pylist()]
    return picked(np.array([*table, MISSING], dtype=np.int64), _places(words))


def absent(column: pa.Array | None, n: int) -> Bool:
    """Where (n,) there is no value, or text that stands for none."""
    if column is None:
        return np.ones(n, dtype=np.bool_)
    if is_text(column.type):
        words = _dictionary(column)
        none = pc.is_in(words.dictionary, value_set=pa.array([*NULLS, None]))
        return picked(np.append(none.to_numpy(zero_copy_only=False), True), _places(words))
    return np.asarray(column.is_null(nan_is_null=pt.is_floating(column.type)).to_numpy(zero_copy_only=False))


def _dictionary(column: pa.Array) -> pa.DictionaryArray:
    """Texts, each kept once."""
    if pt.is_dictionary(column.type) and column.dictionary.type == pa.string():
        return column
    return column.cast(pa.string()).dictionary_encode()


def _places(words: pa.DictionaryArray) -> Int32:
    """Which of the dictionary each is; one past its end for none."""
    indices = words.indices.cast(pa.int32())
    indices = indices.fill_null(len(words.dictionary)) if words.null_count else indices
    return writable(indices.to_numpy())
