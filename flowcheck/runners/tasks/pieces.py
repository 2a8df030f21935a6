"""What a task finds of edges, handed over piece by piece, so that its memory is bounded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64
from flowcheck.results.edges import EdgeTable
from flowcheck.results.finding.firsts import Firsts

MOST_EDGES = 1 << 18
"""Of one piece, about."""
HandOver = Callable[[Int64, Sequence[Int64]], None]
"""Takes edges (n, 8) and arrays of examples, each (n, 6)."""


class Pieces:
    """``judged`` and ``unknown``: how many records of the edges so far have a verdict, or none. Examples are
    added to ``firsts``."""

    def __init__(self, edges: EdgeTable, firsts: Firsts, hand_over: HandOver) -> None:
        self._edges, self.firsts, self._hand_over = edges, firsts, hand_over
        self.judged = self.unknown = 0

    def add(
        self, endpoints: Int32, keys: Int64, egress: Int32, arrivals: Int32, unknown: npt.NDArray[np.bool_]
    ) -> None:
        """Keys of flows (n, 10), and what was said of each, as :meth:`EdgeTable.count` takes them; unknown
        (n,): whether that is open."""
        judged, open_ = np.bincount(unknown, keys[:, a.FLOW_RECORDS], minlength=2).tolist()
        self.judged += int(judged)
        self.unknown += int(open_)
        self._edges.count(endpoints, keys, egress, arrivals)
        if len(self._edges) > MOST_EDGES:
            self.hand_over()

    def hand_over(self) -> None:
        """All that was found so far; begin anew."""
        self._hand_over(self._edges.entries(), self.firsts.take())
        self._edges.clear()
