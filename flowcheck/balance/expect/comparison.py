"""The connections of one service port beside what was to be expected of them, by stretch of time and origin.

A *situation* is a segment, an origin and an address family. All connections of a situation had the same
usable backends, so it says what share each should have had; the expectations of all situations add up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Float64, Int32, Int64
from flowcheck.balance.count.sums import BackendEntries, sum_rows
from flowcheck.balance.expect.members import Catalog, PortBackends, family_of
from flowcheck.balance.expect.shares import Origin, Shares, expect

TESTED, UNTESTED, UNEXPECTED, UNLOCATED = range(4)


class Comparison(NamedTuple):
    """One service port: what its endpoints had beside what they should have had.

    endpoint (k,) int32: the expected endpoints, ascending. counts (k,) int64, expected (k,) float64: the
    connections they had and should have had. part (k,) int64: as
    :func:`flowcheck.balance.assess.chance.fit_shares` takes it. fate (entries,): TESTED, UNTESTED, UNEXPECTED
    or UNLOCATED; kind (entries,): entries of one kind had the same shares to expect, -1 where not tested.
    n_kinds: kinds with connections. same_zone: the share that was to stay in its zone, None where no origin's
    zone is known.
    """

    endpoint: Int32
    counts: Int64
    expected: Float64
    part: Int64
    fate: Int64
    kind: Int64
    n_kinds: int
    same_zone: float | None


_NONE = np.empty(0, dtype=np.int64)
NOTHING = Comparison(_NONE.astype(np.int32), _NONE, _NONE.astype(np.float64), _NONE, _NONE, _NONE, 0, None)
"""Of a service port without entries, as most are in a small log: array calls for each took longer than all
else."""


def compare(
    catalog: Catalog,
    backends: PortBackends,
    entries: BackendEntries,
    cells: Mapping[int, int] | None = None,
) -> Comparison:
    """Hold ``entries``, all of this service port, against what was to be expected. ``cells``: endpoints
    between which a route divides, by number; only inside a cell is anything expected."""
    if not len(entries.backend):
        return NOTHING
    fate = np.where(entries.backend >= 0, UNEXPECTED, UNLOCATED)
    kind = np.full(len(fate), -1, dtype=np.int64)
    backend, connections = entries.backend.tolist(), entries.connections.tolist()
    kinds: dict[frozenset[tuple[int, float]], int] = {}
    sums: dict[int, float] = {}
    tied: list[list[int]] = []
    stays, placed = 0.0, 0
    for rows, shares, origin in _situations(catalog, backends, entries, cells or {}):
        if shares is None:
            fate[rows] = UNTESTED
            continue
        usable = [row for row in rows if backend[row] in shares]
        fate[usable] = TESTED
        total = sum(connections[row] for row in usable)
        if total == 0:
            continue
        kind[usable] = kinds.setdefault(frozenset(shares.items()), len(kinds))
        tied.append(list(shares))
        for endpoint, share in shares.items():
            sums[endpoint] = sums.get(endpoint, 0.0) + total * share
        if origin.zone:
            placed += total
            stays += total * sum(s for e, s in shares.items() if catalog.identity_of(e).zone == origin.zone)
    expected = np.array(sorted(sums), dtype=np.int32)
    tested = kind >= 0
    place = np.searchsorted(expected, entries.backend[tested])
    counts = sum_rows(place, len(expected), entries.connections[tested, np.newaxis])[:, 0]
    return Comparison(
        endpoint=expected,
        counts=counts,
        expected=np.array([sums[e] for e in expected.tolist()]),
        part=_parts(expected, tied),
        fate=fate,
        kind=kind,
        n_kinds=len(kinds),
        same_zone=stays / placed if placed else None,
    )


def _situations(
    catalog: Catalog, backends: PortBackends, entries: BackendEntries, cells: Mapping[int, int]
) -> Iterator[tuple[list[int], Shares | None, Origin]]:
    """The entries of each situation with what was to be expected; those at what never is a member have none.

    Most Services have few entries, for which plain Python takes a third of the time of array calls.
    """
    members = {member.endpoint for segment in backends.segments for member in segment}
    family = {endpoint: family_of(catalog.identity_of(endpoint).address) for endpoint in members}
    rows: dict[tuple[int, int, int, int], list[int]] = defaultdict(list)
    keys = zip(entries.segment.tolist(), entries.origin.tolist(), entries.backend.tolist(), strict=True)
    for row, (segment, origin, backend) in enumerate(keys):
        if backend in family:
            rows[segment, origin, family[backend], cells.get(backend, -1)].append(row)
    for (segment, number, of_family, cell), chosen in sorted(rows.items()):
        origin = catalog.origin(number)
        usable = [
            m
            for m in backends.segments[segment - backends.first_segment]
            if m.family in (of_family, 0) and cells.get(m.endpoint, -1) == cell
        ]
        shares = None if backends.service.headless else expect(backends.service, usable, origin)
        yield chosen, shares, origin


def _parts(endpoint: Int32, tied: list[list[int]]) -> Int64:
    """Number the groups of endpoints that no situation connects."""
    part = {e: e for e in endpoint.tolist()}

    def root(e: int) -> int:
        while part[e] != e:
            part[e] = part[part[e]]
            e = part[e]
        return e

    for together in tied:
        for e in together:
            part[root(e)] = root(together[0])
    roots = [root(e) for e in endpoint.tolist()]
    numbers = {e: number for number, e in enumerate(dict.fromkeys(roots))}
    return np.array([numbers[e] for e in roots], dtype=np.int64)
