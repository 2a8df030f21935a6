"""Many records at once, a column a field -> a batch of canonical columns.

For formats that come in millions of rows: what :mod:`flowcheck.flows.logs.rows` does row by row. A column is
Arrow's, of whatever type it was found in; a value that does not fit rejects its row, and the row alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.arrays import Int64
from flowcheck.flows.canonical.columns import readable
from flowcheck.flows.canonical.numbers import EARLIEST, LATEST, LIMITS, microseconds
from flowcheck.flows.canonical.schema import is_text
from flowcheck.flows.canonical.types import TIME
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.rows import RECORD, SCHEMA
from flowcheck.flows.logs.values.addresses import PLAIN_IPV4, canonical_address
from flowcheck.flows.logs.values.times import in_microseconds

Bool = npt.NDArray[np.bool_]
MISSING, WRONG = -1, -2
"""Stand for a value that is not there, and for one that cannot be used."""
NULLS = ("-", "")
"""What text stands for no value."""
_WHOLE = r"^[0-9]{1,18}$"
_NANOSECONDS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}


class Making:
    """The batch that some records become. ``records``: their positions, (n,).

    The first reason that is found for a row is the one that it is rejected for.
    """

    def __init__(self, records: Int64) -> None:
        self.n, self._records = len(records), records
        self.columns: dict[str, pa.Array] = {}
        self._reasons = [""]
        self._rejected = np.zeros(self.n, dtype=np.uint8)

    def reject(self, wrong: Bool, reason: str) -> None:
        if wrong.any():
            if reason not in self._reasons:
                self._reasons.append(reason)
            self._rejected[wrong & (self._rejected == 0)] = self._reasons.index(reason)

    def numbers(self, name: str, column: pa.Array | None) -> Int64:
        """The values of a canonical column (n,), MISSING where there is none or it cannot be used."""
        if column is None or pt.is_null(column.type):
            return np.full(self.n, MISSING, dtype=np.int64)
        low, high = LIMITS[name]
        whole, missing = _whole(column), None
        if whole.null_count:
            missing = whole.is_null().to_numpy(zero_copy_only=False)
            whole = whole.fill_null(low)
        values = whole.to_numpy(zero_copy_only=False)
        if self.n and (values.min() < low or values.max() > high):
            wrong = (values < low) | (values > high)
            self.reject(wrong, f"bad_{name}")
            values = np.where(wrong, MISSING, values)
        if missing is not None:
            values = np.where(missing, MISSING, values)
        return np.asarray(values, dtype=np.int64)

    def put(self, name: str, values: Int64, where: Bool | None = None) -> None:
        """A column of whole numbers (n,), null where MISSING, and but ``where``."""
        type_ = SCHEMA.field(name).type
        missing = values < 0 if where is None else (values < 0) | ~where
        plain = values.astype(type_.to_pandas_dtype())
        self.columns[name] = pa.array(plain, type_, mask=missing if missing.any() else None)

    def times(self, name: str, column: pa.Array | None, unit: str) -> None:
        """A column of times: numbers of a unit (s, ms, us, ns) since 1970, or what already is a time."""
        if column is None or pt.is_null(column.type):
            return
        if pt.is_timestamp(column.type):
            missing, (values, wrong) = column.is_null(), microseconds(column)
        else:
            whole = _whole(column)
            missing = whole.is_null()
            numbers = (whole.fill_null(0) if whole.null_count else whole).to_numpy(zero_copy_only=False)
            values, wrong = _microseconds(numbers, unit)
        if wrong is not None:
            self.reject(wrong, f"bad_{name}")
        mask = missing.to_numpy(zero_copy_only=False)
        self.columns[name] = pa.array(values, mask=mask if mask.any() else None).cast(TIME)

    def texts(self, name: str, column: pa.Array | None) -> None:
        """A column of texts, null where they stand for no value."""
        if column is not None and not pt.is_null(column.type):
            words = _dictionary(column)
            values = [None if word in NULLS else word for word in words.dictionary.to_pylist()]
            self.columns[name] = pa.array([*values, None], pa.string()).take(pa.array(_places(words)))

    def constant(self, name: str, value: int) -> None:
        self.columns[name] = pa.repeat(pa.scalar(value, SCHEMA.field(name).type), self.n)

    def need(self, name: str) -> None:
        """Reject the rows that do not say."""
        column = self.columns.get(name)
        if column is None:
            self.reject(np.ones(self.n, dtype=np.bool_), f"bad_{name}")
        elif column.null_count:
            self.reject(column.is_null().to_numpy(zero_copy_only=False), f"bad_{name}")

    def batch(self, account: Account) -> pa.RecordBatch:
        """The rows that can be used; the others are rejected."""
        columns = {RECORD: pa.array(self._records), **self.columns}
        batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
        if not self._rejected.any():
            return batch
        for place in np.flatnonzero(self._rejected).tolist():
            account.reject(self._reasons[self._rejected[place]], int(self._records[place]))
        return batch.filter(pa.array(self._rejected == 0))


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
    return np.array([*table, MISSING], dtype=np.int64)[_places(words)]


def absent(column: pa.Array | None, n: int) -> Bool:
    """Where (n,) there is no value, or text that stands for none."""
    if column is None:
        return np.ones(n, dtype=np.bool_)
    if is_text(column.type):
        words = _dictionary(column)
        none = pc.is_in(words.dictionary, value_set=pa.array([*NULLS, None]))
        return np.append(none.to_numpy(zero_copy_only=False), True)[_places(words)]
    return np.asarray(column.is_null(nan_is_null=pt.is_floating(column.type)).to_numpy(zero_copy_only=False))


class Addresses:
    """Addresses of several columns as numbers, so that they can be chosen among and exchanged."""

    def __init__(self) -> None:
        self._texts: list[pa.Array] = []
        self._n = 0

    def codes(self, column: pa.Array | None, n: int) -> Int64:
        """A number for each (n,), MISSING where there is none, WRONG for what is no address."""
        if column is None or pt.is_null(column.type):
            return np.full(n, MISSING, dtype=np.int64)
        words = _dictionary(column)
        texts, table = words.dictionary, np.arange(self._n, self._n + len(words.dictionary) + 1)
        table[-1] = MISSING
        plain = pc.match_substring_regex(texts, PLAIN_IPV4).fill_null(False).to_numpy(zero_copy_only=False)
        others = np.flatnonzero(~plain)
        found = [self._other(text) for text in texts.take(pa.array(others)).to_pylist()]
        table[others] = [code or self._n + len(texts) + place for place, (code, _) in enumerate(found)]
        self._texts += [texts, pa.array([address for _, address in found], pa.string())]
        self._n += len(texts) + len(found)
        return np.asarray(table[_places(words)])

    @staticmethod
    def _other(text: str | None) -> tuple[int, str | None]:
        """(0, what is no plain IPv4 in its one form), or (what stands for it, None)."""
        if text is None or text in NULLS:
            return MISSING, None
        address = canonical_address(text)
        return (WRONG, None) if address is None else (0, address)

    def texts(self, codes: Int64) -> pa.Array:
        """The addresses (n,) in their one form; null where there is none that can be used."""
        missing = codes < 0
        places = pa.array(np.where(missing, 0, codes), mask=missing if missing.any() else None)
        return pa.concat_arrays(self._texts or [pa.array([], pa.string())]).take(places)


def _dictionary(column: pa.Array) -> pa.DictionaryArray:
    """Texts, each kept once."""
    if pt.is_dictionary(column.type) and column.dictionary.type == pa.string():
        return column
    return column.cast(pa.string()).dictionary_encode()


def _places(words: pa.DictionaryArray) -> Int64:
    """Which of the dictionary each is; one past its end for none."""
    indices = words.indices.cast(pa.int64())
    indices = indices.fill_null(len(words.dictionary)) if words.null_count else indices
    return np.asarray(indices.to_numpy())
