"""A cell where a verdict hangs on a rule, in words."""

from __future__ import annotations

from flowcheck.algebra.build import Algebra
from flowcheck.algebra.told import RuleTold
from flowcheck.compile.endpoints.addresses import ROOTS
from flowcheck.model.policy import Direction
from flowcheck.results.records.rules import Example


class Examples:
    def __init__(self, algebra: Algebra) -> None:
        self._axis, self._ports = algebra.axis, algebra.ports

    def of(self, told: RuleTold) -> Example | None:
        """None where nothing is known of the cell."""
        if told.at is None:
            return None
        subject, peer = self._name(told.at.subject), self._name(told.at.peer)
        is_egress = told.info.direction is Direction.EGRESS
        src, dst = (subject, peer) if is_egress else (peer, subject)
        return Example(src=src, dst=dst, ports=self._ports[told.layer == "mesh"].get(told.at.port, ""))

    def _name(self, endpoint: int) -> str:
        end = self._axis.endpoints[endpoint]
        if end.prefix in ROOTS:
            return f"{end.prefix} (all other addresses)"
        return end.name or str(end.prefix) if end.prefix is not None else end.name
