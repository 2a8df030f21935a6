"""What several observation points report of one edge, as one: no connection is counted twice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flowcheck import arrays as a
from flowcheck.arrays import Int64, UInt8

REPORT_BITS = 4
"""How many bits observation point and quality have."""
OBSERVED = 15 << a.AT_OBSERVED
"""The bits of KEY_SERVICE that hold what was observed."""
Mask = npt.NDArray[np.bool_]


def by_edge(entries: Int64) -> Int64:
    """Entries (edges, 8) by their keys, what was reported of one edge together, by observation point."""
    report = _point(entries) << 1 | is_inferred(entries)
    service = (entries[:, a.KEY_SERVICE] & a.PLAIN_SERVICE) << REPORT_BITS | report
    return entries[np.lexsort((service, entries[:, a.KEY_DECISIONS], entries[:, a.KEY_GROUPS]))]


def fold_reports(entries: Int64) -> Int64:
    """Several reports of one connection as one: entries whose keys tell no observation point or quality.

    ``entries`` are in the order of :func:`by_edge`, and so are those that come out, which may be the same.
    Each end reports each of its connections, so an edge has as many connections, and carried as many bytes,
    as the end with the most to tell; its records are all of them. What one end decided the other may not have
    observed: of that which is observed at neither there is what an end has more than was observed in all.
    """
    if len(entries) == 0:
        return entries
    service = entries[:, a.KEY_SERVICE] & a.PLAIN_SERVICE
    new_edge = _changes_of_edge(entries)
    new_report = new_edge | _changes(_point(entries))
    edges, reports = np.flatnonzero(new_edge), np.flatnonzero(new_report)
    edges_of_reports = np.searchsorted(reports, edges)
    if len(edges) == len(entries) and not _changes(service & OBSERVED)[1:].any():
        entries[:, a.KEY_SERVICE] = service  # nothing to fold, as of most that is much
        return entries
    folded = entries[edges]
    folded[:, a.KEY_SERVICE] = service[edges]
    folded[:, a.RECORDS] = np.add.reduceat(entries[:, a.RECORDS], edges)
    for column in (a.FLOWS, a.BYTES):
        by_point = np.add.reduceat(entries[:, column], reports)
        folded[:, column] = np.maximum.reduceat(by_point, edges_of_reports)
    _count_once(folded, entries)
    folded[:, a.FIRST_SEEN] = np.minimum.reduceat(entries[:, a.FIRST_SEEN], edges)
    folded[:, a.LAST_SEEN] = np.maximum.reduceat(entries[:, a.LAST_SEEN], edges)
    return folded


def _count_once(folded: Int64, entries: Int64) -> None:
    """Take out of edges of which less was observed what others have already: first of those that went on to
    a mesh's proxy, of which the proxy may tell a request, and so another decision; then of those of which
    nothing was observed, what others have that are alike but for that."""
    said, of_entries = (rows[:, a.KEY_SERVICE] & OBSERVED for rows in (folded, entries))
    forwarded = said == a.OBSERVED_FORWARDED << a.AT_OBSERVED
    if forwarded.any():
        _take_out(folded, entries, forwarded, (said != 0, of_entries != 0), decided_alike=False)
    _take_out(folded, entries, said == 0, (said >= 0, of_entries >= 0), decided_alike=True)


def _take_out(
    folded: Int64, entries: Int64, less: Mask, either: tuple[Mask, Mask], *, decided_alike: bool
) -> None:
    """less (edges,) bool: those of which is taken out what the others among ``either`` have, masks of edges
    (edges,) and of their entries (entries,)."""
    among, among_entries = either
    if not less.any() or less[among].all():
        return
    family, edge = _alike(folded, decided=decided_alike), np.cumsum(_changes_of_edge(entries)) - 1
    n_families = family.max() + 1
    places = np.flatnonzero(less)
    places = places[np.argsort(family[places], kind="stable")]
    first = np.searchsorted(family[places], family[places])
    for column in (a.FLOWS, a.BYTES):
        seen, decided = np.zeros((n_families, 8), dtype=np.int64), np.zeros(n_families, dtype=np.int64)
        mine = entries[among_entries]
        np.add.at(seen, (family[edge[among_entries]], _point(mine)), mine[:, column])
        np.add.at(decided, family[among & ~less], folded[among & ~less, column])
        rest = (seen.max(axis=1) - decided).clip(0)[family[places]]
        own = folded[places, column]
        before = np.cumsum(own) - own
        folded[places, column] = np.clip(rest - (before - before[first]), 0, own)


def _alike(folded: Int64, *, decided: bool) -> Int64:
    """(edges,) a number, from 0, that those share which differ in what was observed alone, or, unless
    ``decided``, in what decided as well."""
    keys = [folded[:, a.KEY_GROUPS], folded[:, a.KEY_SERVICE] & ~OBSERVED]
    keys += [folded[:, a.KEY_DECISIONS]] if decided else []
    order = np.lexsort(keys)
    family = np.empty(len(folded), dtype=np.int64)
    family[order] = np.cumsum(np.logical_or.reduce([_changes(key[order]) for key in keys])) - 1
    return family


def _point(entries: Int64) -> Int64:
    """(edges,) the observation point of each."""
    return entries[:, a.KEY_SERVICE] >> a.AT_POINT & 7


def _changes_of_edge(entries: Int64) -> Mask:
    """(entries,) bool: the first of each edge."""
    service = entries[:, a.KEY_SERVICE] & a.PLAIN_SERVICE
    groups, decisions = (_changes(entries[:, column]) for column in (a.KEY_GROUPS, a.KEY_DECISIONS))
    return groups | decisions | _changes(service)


def _changes(values: Int64) -> Mask:
    """(n,) bool: where one of values (n,) is another than the one before; the first is."""
    changes: Mask = np.append(True, values[1:] != values[:-1])
    return changes


def is_inferred(entries: Int64) -> UInt8:
    """(edges,) 1 where the owner of an end is likely, not sure."""
    return (entries[:, a.KEY_SERVICE] >> a.AT_INFERRED & 1).astype(np.uint8)
