"""How many flows with an unknown verdict a rule may have decided: while there are any it is not "never hit".

An unknown decision does not tell which rules it hangs on, so a rule is taken for one of them unless something
speaks against it: its direction, the namespace of its policy, or its ports. It errs towards "may have been".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping

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


_Whom = tuple[Direction, str]
"""On one side of flows the namespace of their subject, _ANYONE where that may be any."""
_Where = tuple[int, int | None]
"""Protocol and port; None where any port may be meant."""


def perhaps_hit(program: Program, edges: Edges) -> Counter[RuleInfo]:
    """Records with an unknown verdict that each rule may have decided."""
    network = (
        (Direction.EGRESS, edges.egress, edges.source),
        (Direction.INGRESS, edges.ingress, edges.destination),
    )
    mesh = ((Direction.INGRESS, edges.mesh, None),)
    found: Counter[RuleInfo] = Counter()
    for rules, sides in ((program.rules, network), (program.mesh_rules, mesh)):
        waiting = _waiting(program, edges, sides)
        known: dict[Hashable, int] = {}
        for rule in dict.fromkeys(rules) if waiting else ():
            asked = rule.direction, rule.namespace, rule.ports
            if asked not in known:
                known[asked] = sum(_may_decide(rule, open_) for open_ in _about(rule, waiting))
            found[rule] = known[asked]
    return found


def _about(rule: RuleInfo, waiting: Mapping[_Whom, Counter[_Where]]) -> Iterable[Counter[_Where]]:
    """What waits for those whom a rule may be for."""
    if rule.namespace:
        whose = ((rule.direction, rule.namespace), (rule.direction, _ANYONE))
        return (waiting[one] for one in whose if one in waiting)
    return (open_ for (direction, _), open_ in waiting.items() if direction is rule.direction)


def _waiting(program: Program, edges: Edges, sides: Iterable[_Side]) -> Mapping[_Whom, Counter[_Where]]:
    """Records with an unknown verdict. ``sides``: without a subject where a policy may be for those of any
    namespace. Edges that are alike in what counts are added up first: there are a hundred times as many."""
    waiting: dict[_Whom, Counter[_Where]] = defaultdict(Counter)
    reasons = tuple(Reason)
    for direction, decision, subject in sides:
        unknown = np.flatnonzero(program.tables.verdict[decision] == a.UNKNOWN)
        if not len(unknown):
            continue
        groups = np.zeros(len(unknown), dtype=np.int64) if subject is None else subject[unknown]
        why = program.tables.reason[decision[unknown]]
        columns = np.stack([why, groups, edges.protocol[unknown], edges.port[unknown]])
        distinct, which = np.unique(columns, axis=1, return_inverse=True)
        records = np.zeros(distinct.shape[1], dtype=np.int64)
        np.add.at(records, which.ravel(), edges.records[unknown])
        for (code, group, protocol, port), count in zip(distinct.T.tolist(), records.tolist(), strict=True):
            reason, whose = reasons[code], _ANYONE
            if subject is not None and reason not in _SUBJECT_OPEN[direction]:
                whose = _namespace(program.groups[group])
            known = None if port < 0 or reason in _PORT_OPEN else port
            waiting[direction, whose][protocol, known] += count
    return waiting


def _namespace(group: str) -> str:
    """Of ``namespace/kind/name``; nothing else has one."""
    namespace, *rest = group.split("/")
    return namespace if len(rest) == 2 else _ANYONE


def _may_decide(rule: RuleInfo, waiting: Counter[_Where]) -> int:
    """How many of the records that wait are where a rule is about."""
    if rule.ports is None:
        return waiting.total()
    may = (where for where in waiting if any(_may_be(port, *where) for port in rule.ports))
    return sum(waiting[where] for where in may)


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
