"""How many flows with an unknown verdict a rule may have decided: while there are any it is not "never hit".

An unknown decision does not tell which rules it hangs on, so a rule is taken for one of them unless something
speaks against it: its direction, the namespace of its policy, or its ports. It errs towards "may have been".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int64
from flowcheck.compile import Program
from flowcheck.compile.rules.decisions import RuleInfo
from flowcheck.model.policy import Direction
from flowcheck.model.ports import NamedPort, PastProxy, PortRange, Ports, PortsBut, ProtocolsBut
from flowcheck.model.verdict import Reason
from flowcheck.results.edges import Edges

_ANYONE = ""
_SUBJECT_OPEN = {
    Direction.EGRESS: {Reason.UNRESOLVED_SRC, Reason.AMBIGUOUS_SRC, Reason.UNKNOWN_INITIATOR},
    Direction.INGRESS: {
        *(Reason.UNRESOLVED_DST, Reason.AMBIGUOUS_DST, Reason.UNKNOWN_INITIATOR),
        *(Reason.NO_SERVICE, Reason.SERVICE_BACKENDS_DIFFER),
    },
}
"""Reasons with which the subject may be another than the log seems to say."""
_PORT_OPEN = {
    *(Reason.NO_PORT, Reason.UNKNOWN_INITIATOR, Reason.AMBIGUOUS_DST),
    *(Reason.NO_SERVICE, Reason.SERVICE_BACKENDS_DIFFER),
}
"""Reasons with which the recorded port need not be the one that rules are asked about."""


_Side = tuple[Direction, Int64, Int64 | None]
"""Its decisions, and its subjects."""


class _Open(NamedTuple):
    """What is known of flows with an unknown verdict on one side. ``port``: None where any may be meant."""

    direction: Direction
    namespace: str
    protocol: int
    port: int | None


def perhaps_hit(program: Program, edges: Edges) -> Mapping[RuleInfo, int]:
    """Records with an unknown verdict that each rule may have decided."""
    network = (
        (Direction.EGRESS, edges.egress, edges.source),
        (Direction.INGRESS, edges.ingress, edges.destination),
    )
    mesh = ((Direction.INGRESS, edges.mesh, None),)
    found: Counter[RuleInfo] = Counter()
    for rules, sides in ((program.rules, network), (program.mesh_rules, mesh)):
        waiting = _open_flows(program, edges, sides)
        for rule in dict.fromkeys(rules) if waiting else ():
            found[rule] = sum(records for flow, records in waiting.items() if _may_decide(rule, flow))
    return found


def _open_flows(program: Program, edges: Edges, sides: Iterable[_Side]) -> Counter[_Open]:
    """``sides``: without a subject where a policy may be for those of any namespace."""
    waiting: Counter[_Open] = Counter()
    reasons = tuple(Reason)
    for direction, decision, subject in sides:
        for e in np.flatnonzero(program.tables.verdict[decision] == a.UNKNOWN).tolist():
            reason = reasons[program.tables.reason[decision[e]]]
            whose = _ANYONE
            if subject is not None and reason not in _SUBJECT_OPEN[direction]:
                whose = _namespace(program.groups[subject[e]])
            port = int(edges.port[e])
            known = None if port < 0 or reason in _PORT_OPEN else port
            waiting[_Open(direction, whose, int(edges.protocol[e]), known)] += int(edges.records[e])
    return waiting


def _namespace(group: str) -> str:
    """Of ``namespace/kind/name``; nothing else has one."""
    namespace, *rest = group.split("/")
    return namespace if len(rest) == 2 else _ANYONE


def _may_decide(rule: RuleInfo, flow: _Open) -> bool:
    if rule.direction is not flow.direction:
        return False
    if rule.namespace and flow.namespace and rule.namespace != flow.namespace:
        return False
    return rule.ports is None or any(_may_be(port, flow.protocol, flow.port) for port in rule.ports)


def _may_be(ports: Ports, protocol: int, port: int | None) -> bool:
    """Whether these ports may hold one; names may stand for any."""
    match ports:
        case PortRange(own, first, last):
            return own == protocol and (port is None or first <= port <= last)
        case ProtocolsBut(protocols):
            return protocol not in protocols
        case NamedPort(_, own) | PortsBut(own):
            return own in (None, protocol)
        case PastProxy():
            return True
        case _:
            return ports.protocol in (None, protocol)
