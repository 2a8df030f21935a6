"""Source and destination of each row -> endpoints: by a recorded pod, else by address, else by workload.

A pod that was recorded and that nobody known is makes its row unresolved, whoever has the address: the record
knows better. So does a recorded namespace beside an address that is nobody's in the cluster.

Texts are resolved once per distinct value of a dictionary. IPv4 text is parsed by a kernel; what that does
not take (IPv6, and whatever is no address) goes through :mod:`ipaddress`, remembered per process. Where an
address or a name has had several owners, the flow's time decides.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, Tables, UInt8, UInt64, writable
from flowcheck.flows.names import NOBODY, NameBook
from flowcheck.kernels import lookup

NO_ADDRESS, BAD_ADDRESS = -1, -2
_REMEMBERED = 1 << 18
_BY_NAME = np.uint64(1 << 62)
_NOT_ONE = -(1 << 30)


class End(NamedTuple):
    """One end of each row, each (flows,). endpoints int32: the endpoint, or NO_ADDRESS, BAD_ADDRESS. keys
    uint64: a word for the address. inferred uint8: 1 where the owner is likely, not sure. disagrees bool: the
    recorded pod is not who has the recorded address. ``several`` maps each row whose name stands for several
    endpoints to all of them; ``endpoints`` holds the first."""

    endpoints: Int32
    keys: UInt64
    inferred: UInt8
    disagrees: npt.NDArray[np.bool_]
    several: dict[int, tuple[int, ...]]


class Resolver:
    """Resolves the ends of batches against one program's tables; keeps the last dictionaries it saw."""

    def __init__(
        self, tables: Tables, names: NameBook, places: Mapping[int, str], beside_pod: Int32, unresolved: int
    ) -> None:
        self._tables = tables
        self._beside_pod = beside_pod
        self._addresses = tables.addresses
        self._names = names
        self._unresolved = unresolved
        self._slow: dict[str, tuple[int, int]] = {}
        self._last: dict[str, tuple[pa.Array, Int32, UInt64]] = {}
        _, keys = self._texts(pa.array(places.values(), pa.large_string()))
        self._key_of = dict(zip(places, keys.tolist(), strict=True))

    def resolve(self, batch: pa.RecordBatch, address: str, names: tuple[str, ...], times: Int64) -> End:
        """The endpoints of one end. ``address`` and ``names`` (namespace, pod, workload, uid) are its
        columns, any of which may be absent; times (flows,) microseconds."""
        present = set(batch.schema.names)
        if address in present:
            endpoints, keys = self._by_address(batch.column(address), address)
        else:
            endpoints = np.full(batch.num_rows, NO_ADDRESS, dtype=np.int32)
            keys = np.zeros(batch.num_rows, dtype=np.uint64)
        inferred = np.zeros(batch.num_rows, dtype=np.uint8)
        if len(self._tables.timed.first) > 1:
            lookup.settle(self._tables.timed, self._tables.endpoints, times, endpoints, inferred)
        end = End(endpoints, keys, inferred, np.zeros(batch.num_rows, dtype=np.bool_), {})
        if not present.isdisjoint(names):
            namespace, pod, workload, uid = (_column_or_nulls(batch, name) for name in names)
            end = self._by_pod(end, uid, namespace, pod, times)
            end.endpoints[self._is_outside(end.endpoints) & _filled(namespace)] = self._unresolved
            if (end.endpoints == NO_ADDRESS).any():
                end = self._by_workload(end, namespace, pod, workload, uid, times)
        return end

    def _is_outside(self, endpoints: Int32) -> npt.NDArray[np.bool_]:
        kinds = self._tables.endpoints[np.maximum(endpoints, 0), a.KIND]
        outside: npt.NDArray[np.bool_] = (endpoints >= 0) & (kinds == a.KIND_BLOCK)
        return outside

    def _by_pod(self, end: End, uid: pa.Array, namespace: pa.Array, pod: pa.Array, times: Int64) -> End:
        """A recorded pod beats the address, as far as ``compile/endpoints/beside.py`` says; at its own
        address it is that one of its endpoints."""
        given = _filled(uid) | (_filled(namespace) & _filled(pod))
        facts = self._tables.endpoints
        beside = np.where(end.endpoints >= 0, self._beside_pod[np.maximum(end.endpoints, 0)], -1)
        stays = (end.endpoints >= 0) & (beside == end.endpoints)
        rows = np.flatnonzero(given & (end.endpoints != BAD_ADDRESS) & ~stays)
        if len(rows) == 0:
            return end
        taken = pa.array(rows)
        found = self._names.pods(uid.take(taken), namespace.take(taken), pod.take(taken), times[rows])
        strange = rows[(found.endpoints == NOBODY) & (end.endpoints[rows] >= 0)]
        end.endpoints[strange], end.inferred[strange] = self._unresolved, 0
        known = np.flatnonzero(found.endpoints != NOBODY)
        rows, named, by_address = rows[known], found.endpoints[known], end.endpoints[rows[known]]
        at_own = (by_address >= 0) & (facts[named, a.POD] >= 0)
        at_own &= facts[named, a.POD] == facts[np.maximum(by_address, 0), a.POD]
        torn = (beside[rows] >= 0) & (facts[named, a.KIND] == a.KIND_POD)
        several = {}
        for place, row in enumerate(known.tolist()):
            if row in found.several and not at_own[place] and not torn[place]:
                ends = self._at_recorded(found.several[row], int(end.keys[rows[place]]))
                named[place] = ends[0]
                if len(ends) > 1:
                    several[int(rows[place])] = ends
        alone = np.array([row not in several for row in rows.tolist()], dtype=np.bool_)
        one, other = self._identity(by_address), self._identity(named)
        end.disagrees[rows] = torn | (alone & (one != other) & (one != _NOT_ONE) & (other != _NOT_ONE))
        end.endpoints[rows] = np.where(at_own, by_address, np.where(torn, beside[rows], named))
        end.inferred[rows] = np.where(
            at_own, end.inferred[rows] & found.inferred[known], found.inferred[known]
        )
        self._name_keys(end, rows)
        return end._replace(several={**end.several, **several})

    def _at_recorded(self, ends: tuple[int, ...], key: int) -> tuple[int, ...]:
        """Of several endpoints that a pod's name stands for, the one at the recorded address if any is."""
        return tuple(end for end in ends if self._key_of.get(end) == key) or ends

    def _by_workload(
        self, end: End, namespace: pa.Array, pod: pa.Array, workload: pa.Array, uid: pa.Array, times: Int64
    ) -> End:
        """Rows without an address: a name nobody has is unresolved, no name at all stays as it is."""
        given = (_filled(namespace) & (_filled(pod) | _filled(workload))) | _filled(uid)
        rows = np.flatnonzero((end.endpoints == NO_ADDRESS) & given)
        taken = pa.array(rows)
        found = self._names.workloads(namespace.take(taken), workload.take(taken), times[rows])
        end.endpoints[rows] = np.where(found.endpoints == NOBODY, self._unresolved, found.endpoints)
        end.inferred[rows] = found.inferred
        self._name_keys(end, rows)
        several = {int(rows[row]): ends for row, ends in found.several.items()}
        return end._replace(several={**end.several, **several})

    def _name_keys(self, end: End, rows: np.ndarray) -> None:
        """A row without an address is told from others by who its end is."""
        bare = rows[end.keys[rows] == 0]
        end.keys[bare] = _BY_NAME + end.endpoints[bare].astype(np.uint64)

    def _identity(self, endpoints: Int32) -> Int64:
        """Who an endpoint is, whatever its version or address; _NOT_ONE where that is not known."""
        facts = self._tables.endpoints[np.maximum(endpoints, 0)]
        kind = facts[:, a.KIND]
        who = np.select(
            [kind == a.KIND_POD, kind == a.KIND_NODE, kind == a.KIND_BLOCK],
            [facts[:, a.POD].astype(np.int64), -2 - facts[:, a.NODE].astype(np.int64), _NOT_ONE + 1],
            _NOT_ONE,
        )
        return np.where(endpoints >= 0, who, _NOT_ONE)

    def _by_address(self, column: pa.Array, key: str) -> tuple[Int32, UInt64]:
        if pt.is_null(column.type):
            n_rows = len(column)
            return np.full(n_rows, NO_ADDRESS, dtype=np.int32), np.zeros(n_rows, dtype=np.uint64)
        if pt.is_dictionary(column.type):
            return self._dictionary(column, key)
        if pt.is_uint32(column.type):
            endpoints, keys = _empty(len(column))
            filled = pc.fill_null(column, 0) if column.null_count else column
            lookup.resolve_integers(self._addresses, writable(filled.to_numpy()), endpoints, keys)
            return _mark_nulls(column, endpoints, keys)
        endpoints, keys = (
            self._binary(column) if pt.is_fixed_size_binary(column.type) else self._texts(column)
        )
        return _mark_nulls(column, endpoints, keys)

    def _dictionary(self, column: pa.DictionaryArray, key: str) -> tuple[Int32, UInt64]:
        known = self._last.get(key)
        if known is None or not _same_buffers(known[0], column.dictionary):
            values = column.dictionary
            known = self._last[key] = (values, *_mark_nulls(values, *self._texts(values)))
        if len(known[1]) == 0:
            n_rows = len(column)
            return np.full(n_rows, NO_ADDRESS, dtype=np.int32), np.zeros(n_rows, dtype=np.uint64)
        codes = pc.fill_null(column.indices, 0) if column.null_count else column.indices
        places = codes.to_numpy(zero_copy_only=False)
        return _mark_nulls(column, known[1][places], known[2][places])

    def _texts(self, values: pa.Array) -> tuple[Int32, UInt64]:
        values = values.cast(pa.large_string())
        offsets, text = _text_buffers(values)
        endpoints, keys = _empty(len(values))
        lookup.resolve_text(self._addresses, offsets, text, endpoints, keys)
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
            lookup.resolve_v6_words(self._addresses, words[:1], words[1:], endpoint, key)
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
        lookup.resolve_v6_words(self._addresses, high, low, endpoints, keys)
        return endpoints, keys


def named(keys: UInt64) -> npt.NDArray[np.bool_]:
    """Which keys stand for a name, where no address was recorded."""
    found: npt.NDArray[np.bool_] = keys >> np.uint64(62) == 1
    return found


def _empty(n_rows: int) -> tuple[Int32, UInt64]:
    return np.empty(n_rows, dtype=np.int32), np.zeros(n_rows, dtype=np.uint64)


def _column_or_nulls(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name not in batch.schema.names:
        return pa.nulls(batch.num_rows, pa.string())
    column = batch.column(name)
    return column.cast(pa.string()) if pt.is_null(column.type) else column


def _filled(column: pa.Array) -> npt.NDArray[np.bool_]:
    """Rows that hold a text, not null or empty."""
    if column.null_count == len(column):
        return np.zeros(len(column), dtype=np.bool_)
    if pt.is_dictionary(column.type):
        codes = column.indices.fill_null(0).to_numpy(zero_copy_only=False)
        with_text: npt.NDArray[np.bool_] = _filled(column.dictionary)[codes]
        with_text &= column.is_valid().to_numpy(zero_copy_only=False)
        return with_text
    filled: npt.NDArray[np.bool_] = pc.not_equal(column, "").fill_null(False).to_numpy(zero_copy_only=False)
    return filled


def _mark_nulls(column: pa.Array, endpoints: Int32, keys: UInt64) -> tuple[Int32, UInt64]:
    """What stands in a column in the place of a null is no address."""
    if column.null_count:
        null = column.is_null().to_numpy(zero_copy_only=False)
        endpoints, keys = endpoints.copy(), keys.copy()
        endpoints[null], keys[null] = NO_ADDRESS, 0
    return endpoints, keys


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
    return writable(starts), writable(np.frombuffer(text or b"", dtype=np.uint8))
