"""What nobody said of a flow and rules may ask for, asked in every way that they tell apart: the type and
code of an ICMP message, and the port that a flow comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import msgspec

from flowcheck.counted import listed
from flowcheck.explaining.question import Asked
from flowcheck.explaining.records import SideAnswer
from flowcheck.explaining.walk import Walked, walk
from flowcheck.explaining.words import ports_text, range_text
from flowcheck.model.policy import Direction, Policy, PortRange
from flowcheck.model.ports import LAST_NUMBER, PortsBut
from flowcheck.model.protocols import ICMP, ICMPV6, WITH_PORTS
from flowcheck.model.verdict import Reason, Verdict

MOST_WAYS_TOLD = 6


@dataclass(frozen=True, slots=True)
class _Untold:
    """What it hangs on, in words, the numbers that no rule divides, and what would tell them."""

    what: str
    stretches: tuple[PortRange, ...]
    settle: str

    def put(self, question: Asked, numbers: PortRange) -> Asked:
        if question.protocol in WITH_PORTS:
            return replace(question, source=numbers)
        return replace(question, port=numbers.first)

    def text(self, numbers: PortRange) -> str:
        """Of ICMP's messages one speaks for its like."""
        if numbers.protocol in WITH_PORTS:
            several = "port" if numbers.first == numbers.last else "ports"
            return f"{several} {range_text(numbers)}"
        return ports_text(PortRange(numbers.protocol, numbers.first, numbers.first))


def walk_every_way(question: Asked, policies: Sequence[Policy]) -> Walked:
    """The walk; in every way that matters, where something is not told that rules ask for. What all of them
    agree on is so."""
    untold = _untold(question, policies)
    if untold is None:
        return walk(question, policies)
    walks = [walk(untold.put(question, numbers), policies) for numbers in untold.stretches]
    found = [one.answer for one in walks]
    first = walks[0]
    if len({(one.verdict, one.reason, one.decided_by) for one in found}) == 1:
        return first
    if len({(one.verdict, one.reason) for one in found}) == 1:
        # Of several causes a rule that denies tells more: none can be added that undoes it.
        telling = next((one for one in walks if one.ending.tried is not None), first)
        return replace(telling, answer=msgspec.structs.replace(telling.answer, decided_by=""))
    said = [f"{untold.text(numbers)} {verdict}" for numbers, verdict in _alike(untold.stretches, found)]
    why = f"it hangs on {untold.what}: {listed(said, MOST_WAYS_TOLD)}"
    opened = {"verdict": str(Verdict.UNKNOWN), "reason": str(Reason.NO_PORT), "decided_by": "", "why": why}
    settle = f"the steps below are those of {untold.text(untold.stretches[0])}; {untold.settle}"
    return replace(first, answer=msgspec.structs.replace(found[0], **opened, settle=settle))


def _untold(question: Asked, policies: Sequence[Policy]) -> _Untold | None:
    """What of a flow is not told, if rules ask for it."""
    direction, protocol = question.direction, question.protocol
    if protocol in (ICMP, ICMPV6):
        stretches = _stretches(_messages(policies, direction, protocol), protocol)
        settle = "a log with icmp_type and icmp_code tells which it was"
        untold = _Untold("the message, by its type and code", stretches, settle)
        return untold if len(stretches) > 1 else None
    if protocol not in WITH_PORTS or question.source is not None:
        return None
    rules = [rule for policy in policies for rule in policy.rules(direction)]
    if all(rule.source_ports is None for rule in rules):
        return None
    asked = (one for rule in rules for one in rule.source_ports or ())
    what = "the port that it comes from"
    return _Untold(what, _stretches(asked, protocol), "--source-port N tells which it was")


def _messages(policies: Iterable[Policy], direction: Direction, protocol: int) -> Iterator[PortRange]:
    for policy in policies:
        for ports in (port for rule in policy.rules(direction) for port in rule.ports or ()):
            inner = (*(ports.ports or ()), *ports.but) if isinstance(ports, PortsBut) else (ports,)
            yield from (one for one in inner if isinstance(one, PortRange) and one.protocol == protocol)


def _stretches(ranges: Iterable[PortRange], protocol: int) -> tuple[PortRange, ...]:
    """All numbers, cut at the ends of some ranges."""
    starts = {0, LAST_NUMBER + 1}
    for one in ranges:
        starts |= {one.first, one.last + 1}
    return tuple(PortRange(protocol, first, after - 1) for first, after in pairwise(sorted(starts)))


def _alike(stretches: Sequence[PortRange], found: Sequence[SideAnswer]) -> Iterator[tuple[PortRange, str]]:
    """Neighbours of one verdict together, with that."""
    pairs = zip(stretches, found, strict=True)
    for (verdict, _), same in groupby(pairs, key=lambda pair: (pair[1].verdict, pair[1].reason)):
        parts = [numbers for numbers, _ in same]
        yield PortRange(parts[0].protocol, parts[0].first, parts[-1].last), verdict
