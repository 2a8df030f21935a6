"""Source and destination of each row -> endpoints: by address, or by name where a row has no address.

Texts are resolved once per distinct value of a dictionary. IPv4 text is parsed by a kernel; what that does
not take (IPv6, and whatever is no address) goes through :mod:`ipaddress`, remembered per process.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.arrays import AddressTable, Int32
from flowcheck.kernels import lookup

NO_ADDRESS, BAD_ADDRESS = -1, -2
_REMEMBERED = 1 << 18
Names = Mapping[tuple[str, str], tuple[int, ...]]


class End(NamedTuple):
    """endpoints (flows,) int32: the endpoint, or NO_ADDRESS, BAD_ADDRESS. ``several`` maps each row whose
    name stands for several endpoints to all of them; ``endpoints`` holds the first."""

    endpoints: Int32
    several: dict[int, tuple[int, ...]]


class Resolver:
    """Resolves the ends of batches against one program's tables; keeps the last dictionaries it saw."""

    def __init__(self, addresses: AddressTable, by_pod: Names, by_workload: Names, unresolved: int) -> None:
        self._addresses = addresses
        self._by_pod = by_pod
        self._by_workload = by_workload
        self._unresolved = unresolved
        self._slow: dict[str, int] = {}
        self._last: dict[str, tuple[pa.Array, Int32]] = {}

    def resolve(self, batch: pa.RecordBatch, address: str, names: tuple[str, str, str]) -> End:
        """The endpoints of one end: ``address`` and ``names`` are its columns, any of which may be absent."""
        present = set(batch.schema.names)
        if address in present:
            endpoints = self._by_address(batch.column(address), address)
        else:
            endpoints = np.full(batch.num_rows, NO_ADDRESS, dtype=np.int32)
        if not present.isdisjoint(names) and (endpoints == NO_ADDRESS).any():
            return self._by_name(batch, endpoints, names)
        return End(endpoints, {})

    def _by_address(self, column: pa.Array, key: str) -> Int32:
        if pt.is_null(column.type):
            return np.full(len(column), NO_ADDRESS, dtype=np.int32)
        if pt.is_dictionary(column.type):
            return self._dictionary(column, key)
        if pt.is_uint32(column.type):
            endpoints = np.empty(len(column), dtype=np.int32)
            filled = pc.fill_null(column, 0) if column.null_count else column
            lookup.resolve_integers(self._addresses, filled.to_numpy(), endpoints)
            return _mark_nulls(column, endpoints)
        if pt.is_fixed_size_binary(column.type):
            return _mark_nulls(column, self._binary(column))
        return _mark_nulls(column, self._texts(column))

    def _dictionary(self, column: pa.DictionaryArray, key: str) -> Int32:
        known = self._last.get(key)
        if known is None or not _same_buffers(known[0], column.dictionary):
            values = column.dictionary
            known = (values, _mark_nulls(values, self._texts(values)))
            self._last[key] = known
        if len(known[1]) == 0:
            return np.full(len(column), NO_ADDRESS, dtype=np.int32)
        codes = pc.fill_null(column.indices, 0) if column.null_count else column.indices
        return _mark_nulls(column, known[1][codes.to_numpy(zero_copy_only=False)])

    def _texts(self, values: pa.Array) -> Int32:
        values = values.cast(pa.large_string())
        offsets, text = _text_buffers(values)
        endpoints = np.empty(len(values), dtype=np.int32)
        lookup.resolve_text(self._addresses, offsets, text, endpoints)
        for i in np.flatnonzero(endpoints == lookup.NOT_IPV4):
            value = values[int(i)].as_py()
            endpoints[i] = NO_ADDRESS if value is None or value == "" else self._parse(value)
        return endpoints

    def _parse(self, text: str) -> int:
        """One address that is not plain IPv4 text. A zone index (fe80::1%eth0) is left out."""
        found = self._slow.get(text)
        if found is None:
            try:
                address = ipaddress.IPv6Address(text.split("%")[0])
            except ValueError:
                return BAD_ADDRESS
            words = np.array([int(address) >> 64, int(address) & (1 << 64) - 1], dtype=np.uint64)
            endpoint = np.empty(1, dtype=np.int32)
            lookup.resolve_v6_words(self._addresses, words[:1], words[1:], endpoint)
            found = int(endpoint[0])
            if len(self._slow) >= _REMEMBERED:
                self._slow.clear()
            self._slow[text] = found
        return found

    def _binary(self, column: pa.Array) -> Int32:
        """16 bytes in network order each; IPv4 is IPv4-mapped."""
        buffer = column.buffers()[1]
        words = np.frombuffer(buffer, dtype=">u8")[column.offset * 2 : (column.offset + len(column)) * 2]
        words = words.astype(np.uint64).reshape(-1, 2)
        endpoints = np.empty(len(column), dtype=np.int32)
        high, low = np.ascontiguousarray(words[:, 0]), np.ascontiguousarray(words[:, 1])
        lookup.resolve_v6_words(self._addresses, high, low, endpoints)
        return endpoints

    def _by_name(self, batch: pa.RecordBatch, endpoints: Int32, names: tuple[str, str, str]) -> End:
        """Fill in rows without an address; a name nobody has is unresolved, no name at all stays as it is."""
        rows = np.flatnonzero(endpoints == NO_ADDRESS)
        endpoints = endpoints.copy()
        texts = [_column_or_nulls(batch, name).take(pa.array(rows)) for name in names]
        distinct, which = distinct_rows(texts)
        meant = [self._named(*(column[first].as_py() for column in texts)) for first in distinct.tolist()]
        endpoints[rows] = np.array([found[0] for found in meant], dtype=np.int32)[which]
        many = np.array([len(found) > 1 for found in meant], dtype=np.bool_)[which]
        several = {int(rows[i]): meant[which[i]] for i in np.flatnonzero(many).tolist()}
        return End(endpoints, several)

    def _named(self, namespace: str | None, pod: str | None, workload: str | None) -> tuple[int, ...]:
        if not (namespace and (pod or workload)):
            return (NO_ADDRESS,)
        found = self._by_pod.get((namespace, pod)) if pod else None
        if found is None and workload:
            found = self._by_workload.get((namespace, workload))
        return found or (self._unresolved,)


def distinct_rows(columns: list[pa.Array]) -> tuple[np.ndarray, np.ndarray]:
    """(first row of each distinct combination of values, for each row which combination it is)."""
    combined = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        if not pt.is_dictionary(column.type):
            column = column.dictionary_encode()
        codes = column.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        _, dense = np.unique(codes, return_inverse=True)
        _, combined = np.unique(combined * (int(dense.max(initial=0)) + 1) + dense, return_inverse=True)
    _, first, which = np.unique(combined, return_index=True, return_inverse=True)
    return first, which


def _column_or_nulls(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name not in batch.schema.names:
        return pa.nulls(batch.num_rows, pa.string())
    column = batch.column(name)
    return column.cast(pa.string()) if pt.is_string_view(column.type) else column


def _mark_nulls(column: pa.Array, endpoints: Int32) -> Int32:
    if column.null_count:
        endpoints = endpoints.copy()
        endpoints[column.is_null().to_numpy(zero_copy_only=False)] = NO_ADDRESS
    return endpoints


def _same_buffers(one: pa.Array, other: pa.Array) -> bool:
    """Whether two arrays are views of the same memory, which the one kept alive makes safe to compare."""
    if len(one) != len(other) or one.offset != other.offset:
        return False
    pairs = zip(one.buffers(), other.buffers(), strict=True)
    return all((a.address if a else 0) == (b.address if b else 0) for a, b in pairs)


def _text_buffers(values: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """(offsets (n + 1,) int64, text (bytes,) uint8) of a large_string array."""
    _, offsets, text = values.buffers()
    if offsets is None or len(values) == 0:
        return np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.uint8)
    starts = np.frombuffer(offsets, dtype=np.int64)[values.offset : values.offset + len(values) + 1]
    return starts, np.frombuffer(text or b"", dtype=np.uint8)
