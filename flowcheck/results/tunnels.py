"""A mesh's tunnels: each carries many connections, which the mesh's proxies report themselves."""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int64
from flowcheck.flows.canonical.numbers import OF_A_PROXY
from flowcheck.flows.logs.counting.connections import GAP
from flowcheck.model.mesh.membership import HBONE_PORT
from flowcheck.model.protocols import TCP
from flowcheck.model.timeline import BEGINNING, END

_PORT, _PROTOCOL = (1 << a.AT_PROTOCOL) - 1, 255


def carried_once(entries: Int64) -> tuple[Int64, int]:
    """Entries (edges, 8) as they were reported, and how many records are of tunnels that count none.

    What goes to HBONE_PORT is a tunnel, whoever but a proxy reports it. Where proxies reported connections of
    the same two workloads in its time, those were in it, so that it counts no connections and no bytes; it
    keeps its records, and what was decided of them. Tunnels are pooled: nothing tells which carried what.
    """
    service = entries[:, a.KEY_SERVICE]
    to_tunnel = (service & _PORT) - 1 == HBONE_PORT
    is_tcp = service >> a.AT_PROTOCOL & _PROTOCOL == TCP
    by_proxy = (service >> a.AT_POINT & 7) >= OF_A_PROXY.min()
    tunnels = np.flatnonzero(is_tcp & to_tunnel & ~by_proxy)
    inside = entries[is_tcp & ~to_tunnel & by_proxy]
    if not len(tunnels) or not len(inside):
        return entries, 0
    pairs, which = np.unique(inside[:, a.KEY_GROUPS], return_inverse=True)
    first, last = np.full(len(pairs), END, dtype=np.int64), np.full(len(pairs), BEGINNING, dtype=np.int64)
    np.minimum.at(first, which, inside[:, a.FIRST_SEEN])
    np.maximum.at(last, which, inside[:, a.LAST_SEEN])
    at = np.searchsorted(pairs, entries[tunnels, a.KEY_GROUPS]).clip(max=len(pairs) - 1)
    known = pairs[at] == entries[tunnels, a.KEY_GROUPS]
    known &= entries[tunnels, a.FIRST_SEEN] - GAP <= last[at]
    known &= first[at] <= entries[tunnels, a.LAST_SEEN] + GAP
    settled = entries.copy()
    settled[np.ix_(tunnels[known], [a.FLOWS, a.BYTES])] = 0
    return settled, int(entries[tunnels[known], a.RECORDS].sum())
