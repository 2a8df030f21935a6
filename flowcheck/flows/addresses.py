"""Columns of addresses -> endpoints and keys, whatever form the addresses were recorded in.

Texts are resolved once per distinct value of a dictionary. IPv4 text is parsed by a kernel; what that does
not take (IPv6, and whatever is no address) goes through :mod:`ipaddress`, remembered per process.
"""

from __future__ import annotations

import ipaddress

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.arrays import Int32, Int64, Tables, UInt8, UInt64, writable
from flowcheck.kernels import lookup

NO_ADDRESS, BAD_ADDRESS = -1, -2
_REMEMBERED = 1 << 18


Found = tuple[Int32, UInt64, UInt8]
"""Of each row: the endpoint, or NO_ADDRESS, BAD_ADDRESS; the key of the address; 1 where who has it is
likely, not sure."""


class AddressResolver:
    """Resolves addresses by one program's tables; keeps the last dictionaries it saw."""

    def __init__(self, tables: Tables) -> None:
        self._table, self._timed, self._endpoints = tables.addresses, tables.timed, tables.endpoints
        self._has_timed = len(tables.timed.first) > 1
        self._slow: dict[str, tuple[int, int]] = {}
        self._last: dict[str, tuple[pa.Array, Int32, UInt64]] = {}

    def column(self, column: pa.Array, key: str, times: Int64) -> Found:
        """What a column's addresses are at times (rows,). ``key`` names it: its last dictionary is
        remembered."""
        if pt.is_dictionary(column.type) and len(column.dictionary):
            return self._dictionary(column, key, times)
        if pt.is_null(column.type) or pt.is_dictionary(column.type):
            return none_found(len(column))
        if pt.is_uint32(column.type):
            endpoints, keys = _empty(len(column))
            filled = pc.fill_null(column, 0) if column.null_count else column
            lookup.resolve_integers(self._table, writable(filled.to_numpy()), endpoints, keys)
        elif pt.is_fixed_size_binary(column.type):
            endpoints, keys = self._binary(column)
        else:
            endpoints, keys = self.texts(column)
        endpoints, keys = _mark_nulls(column, endpoints, keys)
        return self._settled(endpoints, keys, np.zeros(len(keys), dtype=np.uint8), times)

    def _settled(self, endpoints: Int32, keys: UInt64, inferred: UInt8, times: Int64) -> Found:
        if self._has_timed:
            lookup.settle(self._timed, self._endpoints, times, endpoints, inferred)
        return endpoints, keys, inferred

    def _dictionary(self, column: pa.DictionaryArray, key: str, times: Int64) -> Found:
        """Who has an address is asked once for each, where that is the same in all the time of these rows."""
        known = self._last.get(key)
        if known is None or not known[0].equals(column.dictionary):
            values = column.dictionary
            known = self._last[key] = (values, *_mark_nulls(values, *self.texts(values)))
        _, endpoint_of, key_of = known
        inferred_of = np.zeros(len(endpoint_of), dtype=np.uint8)
        left = 0
        if self._has_timed and len(times):
            endpoint_of = endpoint_of.copy()
            during = int(times.min()), int(times.max())
            left = lookup.settle_during(self._timed, self._endpoints, *during, endpoint_of, inferred_of)
        codes = pc.fill_null(column.indices, 0) if column.null_count else column.indices
        places = codes.to_numpy(zero_copy_only=False).astype(np.int32)
        endpoints, keys = _empty(len(places))
        inferred = np.empty(len(places), dtype=np.uint8)
        lookup.take_found(endpoint_of, key_of, inferred_of, places, endpoints, keys, inferred)
        endpoints, keys = _mark_nulls(column, endpoints, keys)
        return self._settled(endpoints, keys, inferred, times) if left else (endpoints, keys, inferred)

    def texts(self, values: pa.Array) -> tuple[Int32, UInt64]:
        """The same of a plain array of texts."""
        values = values.cast(pa.large_string())
        offsets, text = _text_buffers(values)
        endpoints, keys = _empty(len(values))
        lookup.resolve_text(self._table, offsets, text, endpoints, keys)
        for i in np.flatnonzero(endpoints == lookup.NOT_IPV4):
            value = values[int(i)].as_py()
            empty = value is None or value == ""
            endpoints[i], keys[i] = (NO_ADDRESS, 0) if empty else self._parse(value)
        return endpoints, keys

    def _parse(self, text: str) -> tuple[int, int]:
        """One address that is not plain IPv4 text. A zone index (fe80::1%eth0) is left out."""
        found = self._slow.get(text)
        if found is None:
            try:
                address = ipaddress.IPv6Address(text.split("%")[0])
            except ValueError:
                return BAD_ADDRESS, 0
            words = np.array([int(address) >> 64, int(address) & (1 << 64) - 1], dtype=np.uint64)
            endpoint, key = _empty(1)
            lookup.resolve_v6_words(self._table, words[:1], words[1:], endpoint, key)
            found = int(endpoint[0]), int(key[0])
            if len(self._slow) >= _REMEMBERED:
                self._slow.clear()
            self._slow[text] = found
        return found

    def _binary(self, column: pa.Array) -> tuple[Int32, UInt64]:
        """16 bytes in network order each; IPv4 is IPv4-mapped."""
        buffer = column.buffers()[1]
        words = np.frombuffer(buffer, dtype=">u8")[column.offset * 2 : (column.offset + len(column)) * 2]
        words = words.astype(np.uint64).reshape(-1, 2)
        endpoints, keys = _empty(len(column))
        high, low = np.ascontiguousarray(words[:, 0]), np.ascontiguousarray(words[:, 1])
        lookup.resolve_v6_words(self._table, high, low, endpoints, keys)
        return endpoints, keys


def none_found(n_rows: int) -> Found:
    """Of rows without an address."""
    return (
        np.full(n_rows, NO_ADDRESS, dtype=np.int32),
        np.zeros(n_rows, dtype=np.uint64),
        np.zeros(n_rows, dtype=np.uint8),
    )


def _empty(n_rows: int) -> tuple[Int32, UInt64]:
    return np.empty(n_rows, dtype=np.int32), np.zeros(n_rows, dtype=np.uint64)


def _mark_nulls(column: pa.Array, endpoints: Int32, keys: UInt64) -> tuple[Int32, UInt64]:
    """What stands in a column in the place of a null is no address."""
    if column.null_count:
        null = column.is_null().to_numpy(zero_copy_only=False)
        endpoints, keys = endpoints.copy(), keys.copy()
        endpoints[null], keys[null] = NO_ADDRESS, 0
    return endpoints, keys


def _text_buffers(values: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """(offsets (n + 1,) int64, text (bytes,) uint8) of a large_string array."""
    _, offsets, text = values.buffers()
    if offsets is None or len(values) == 0:
        return np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.uint8)
    starts = np.frombuffer(offsets, dtype=np.int64)[values.offset : values.offset + len(values) + 1]
    return writable(starts), writable(np.frombuffer(text or b"", dtype=np.uint8))
