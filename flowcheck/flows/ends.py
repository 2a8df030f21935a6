"""Source and destination of each row -> endpoints: by a recorded pod, else by address, else by workload.

A pod that was recorded and that nobody known is makes its row unresolved, whoever has the address: the record
knows better. So does a recorded namespace beside an address that is nobody's in the cluster.

Where an address or a name has had several owners, the flow's time decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, Tables, UInt8, UInt64
from flowcheck.flows.addresses import BAD_ADDRESS, NO_ADDRESS, AddressResolver, none_found
from flowcheck.flows.names import NOBODY, NameBook

_BY_NAME = np.uint64(1 << 62)
_NOT_ONE = -(1 << 30)


class Ends(NamedTuple):
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
    """Resolves the ends of batches against one program's tables."""

    def __init__(
        self,
        tables: Tables,
        names: NameBook,
        address_of: Mapping[int, str],
        beside_pod: Int32,
        unresolved: int,
    ) -> None:
        self._tables = tables
        self._beside_pod = beside_pod
        self._addresses = AddressResolver(tables)
        self._names = names
        self._unresolved = unresolved
        _, keys = self._addresses.texts(pa.array(address_of.values(), pa.large_string()))
        self._key_of = dict(zip(address_of, keys.tolist(), strict=True))

    def resolve(self, batch: pa.RecordBatch, address: str, names: tuple[str, ...], times: Int64) -> Ends:
        """The endpoints of one end. ``address`` and ``names`` (namespace, pod, workload, uid) are its
        columns, any of which may be absent; times (flows,) microseconds."""
        present = set(batch.schema.names)
        if address in present:
            found = self._addresses.column(batch.column(address), address, times)
        else:
            found = none_found(batch.num_rows)
        end = Ends(*found, np.zeros(batch.num_rows, dtype=np.bool_), {})
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

    def _by_pod(self, end: Ends, uid: pa.Array, namespace: pa.Array, pod: pa.Array, times: Int64) -> Ends:
        """A recorded pod beats the address, as far as ``compile/endpoints/beside.py`` says; at its own
        address it is that one of its endpoints."""
        given = _filled(uid) | (_filled(namespace) & _filled(pod))
        columns = self._tables.endpoints
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
        at_own = (by_address >= 0) & (columns[named, a.POD] >= 0)
        at_own &= columns[named, a.POD] == columns[np.maximum(by_address, 0), a.POD]
        torn = (beside[rows] >= 0) & (columns[named, a.KIND] == a.KIND_POD)
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
        self,
        end: Ends,
        namespace: pa.Array,
        pod: pa.Array,
        workload: pa.Array,
        uid: pa.Array,
        times: Int64,
    ) -> Ends:
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

    def _name_keys(self, end: Ends, rows: np.ndarray) -> None:
        """A row without an address is told from others by who its end is."""
        bare = rows[end.keys[rows] == 0]
        end.keys[bare] = _BY_NAME + end.endpoints[bare].astype(np.uint64)

    def _identity(self, endpoints: Int32) -> Int64:
        """Who an endpoint is, whatever its version or address; _NOT_ONE where that is not known."""
        columns = self._tables.endpoints[np.maximum(endpoints, 0)]
        kind = columns[:, a.KIND]
        who = np.select(
            [kind == a.KIND_POD, kind == a.KIND_NODE, kind == a.KIND_BLOCK],
            [columns[:, a.POD].astype(np.int64), -2 - columns[:, a.NODE].astype(np.int64), _NOT_ONE + 1],
            _NOT_ONE,
        )
        return np.where(endpoints >= 0, who, _NOT_ONE)


def named(keys: UInt64) -> npt.NDArray[np.bool_]:
    """Which keys stand for a name, where no address was recorded."""
    found: npt.NDArray[np.bool_] = keys >> np.uint64(62) == 1
    return found


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
