"""Contacts as several observation points report them -> each once, with what the network did of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int64
from flowcheck.judging import contacts as c
from flowcheck.judging.contacts import WITH_ADDRESS, address_of
from flowcheck.results.edges import PORT

REFUSED = (a.OBSERVED_DENIED, a.OBSERVED_DROPPED)


class Contact(NamedTuple):
    """``port`` is -1 where none was recorded. ``address`` is that of the end that is no pod, where one was
    recorded; ``refused``: the network did not let it through. Times are microseconds."""

    src: int
    dst: int
    egress: int
    ingress: int
    protocol: int
    port: int
    address: str
    refused: bool
    records: int
    connections: int
    first: int
    last: int


def fold(rows: Int64) -> Iterator[Contact]:
    """Contacts (n, 9) by their keys. What two points report of one connection counts once: as many as the
    point that reports most; records are all of them."""
    if not len(rows):
        return
    rows = rows.copy()
    service = rows[:, c.SERVICE]
    point = service >> a.AT_POINT & 7
    refused = np.isin(service >> a.AT_OBSERVED & 15, REFUSED)
    away = np.int64((15 << a.AT_OBSERVED) | (7 << a.AT_POINT) | (1 << a.AT_INFERRED))
    rows[:, c.SERVICE] = service & ~away | refused.astype(np.int64) << a.AT_OBSERVED
    keys = rows[:, : c.N_KEYS]
    order = np.lexsort([point, *keys.T[::-1]])
    rows, keys, point = rows[order], keys[order], point[order]
    new = np.ones(len(rows), dtype=np.bool_)
    new[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    report = new.copy()
    report[1:] |= point[1:] != point[:-1]
    firsts, reports = np.flatnonzero(new), np.flatnonzero(report)
    folded = rows[firsts]
    by_point = np.add.reduceat(rows[:, c.CONNECTIONS], reports)
    folded[:, c.CONNECTIONS] = np.maximum.reduceat(by_point, np.searchsorted(reports, firsts))
    folded[:, c.RECORDS] = np.add.reduceat(rows[:, c.RECORDS], firsts)
    folded[:, c.FIRST] = np.minimum.reduceat(rows[:, c.FIRST], firsts)
    folded[:, c.LAST] = np.maximum.reduceat(rows[:, c.LAST], firsts)
    for ends, decided, said, high, low, records, connections, first, last in folded.tolist():
        yield Contact(
            src=ends >> a.HALF,
            dst=ends & a.LOW_WORD,
            egress=decided >> a.HALF,
            ingress=decided & a.LOW_WORD,
            protocol=said >> a.AT_PROTOCOL & 255,
            port=(said & PORT) - 1,
            address=address_of(high, low) if said & WITH_ADDRESS else "",
            refused=bool(said >> a.AT_OBSERVED & 1),
            records=records,
            connections=connections,
            first=first,
            last=last,
        )
