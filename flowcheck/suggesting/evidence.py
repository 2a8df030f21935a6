"""Contacts -> needs: which side of each must be allowed by whose policy, and what makes none, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flowcheck import arrays as a
from flowcheck.compile import Program
from flowcheck.kernels import decide
from flowcheck.model.cluster import Cluster
from flowcheck.model.policy import Direction
from flowcheck.model.protocols import TCP, UDP, WITH_PORTS
from flowcheck.model.verdict import Reason
from flowcheck.suggesting.ends import Ends
from flowcheck.suggesting.existing import Existing, State
from flowcheck.suggesting.folding import Contact
from flowcheck.suggesting.found import UNKNOWN_ENDS, Aside, Evidence, Kept
from flowcheck.suggesting.languages.language import Language
from flowcheck.suggesting.leading import lead
from flowcheck.suggesting.needs import NO_PORT, Need, Pods, Tally
from flowcheck.suggesting.units import Unit, Units

DNS = 53
_REASONS = tuple(Reason)
_REASONS_OF_KIND = {
    a.KIND_UNRESOLVED: Reason.UNRESOLVED_DST,
    a.KIND_AMBIGUOUS: Reason.AMBIGUOUS_DST,
}


@dataclass(frozen=True, slots=True)
class _Target:
    """A contact at one destination it may have had."""

    contact: Contact
    dst: int
    port: int
    egress: int
    ingress: int
    translated: bool


class Reader:
    """Reads contacts of one program. ``everything``: needs are found as if there were no policies;
    ``denied_too``: also of what policies deny today, though it went through."""

    def __init__(
        self,
        program: Program,
        cluster: Cluster,
        units: Units,
        existing: Existing,
        language: Language,
        *,
        everything: bool,
        directions: tuple[Direction, ...],
        denied_too: bool,
    ) -> None:
        self._program, self._units, self._existing = program, units, existing
        self._language, self._everything, self._directions = language, everything, directions
        self._denied_too = denied_too
        self._of = Ends(program, cluster, units, language)
        self._found = Evidence()

    def read(self, contacts: Iterable[Contact]) -> Evidence:
        known = [(contact, *self._targets(contact)) for contact in contacts]
        for contact, targets, _ in known:
            for end in (contact.src, contact.dst, *(target.dst for target in targets)):
                unit = self._of.unit(end)
                if unit is not None:
                    self._found.seen.add(unit.name)
        for contact, targets, reason in known:
            if reason:
                self._put_aside(reason, contact)
            else:
                self._read(contact, targets)
        for key, connections in self._found.refused.items():
            if key in self._found.needs:
                self._found.needs[key].refused += connections
        return self._found

    def _read(self, contact: Contact, targets: Iterable[_Target]) -> None:
        sides = [side for target in targets for side in self._sides(target)]
        if not sides:
            self._put_aside("needs_nothing", contact)
        for target, direction, state, decision in sides:
            self._side(target, direction, state, decision)
        if contact.refused:
            self._put_aside("refused", contact)

    def _unknown(self, contact: Contact) -> str:
        """Why nobody knows between whom it was; empty where that is known."""
        if contact.egress == a.UNKNOWN_DECISION + a.REASON_UNKNOWN_INITIATOR:
            return Reason.UNKNOWN_INITIATOR.value
        ends = {Reason.AMBIGUOUS_SRC: contact.src, Reason.AMBIGUOUS_DST: contact.dst}
        for reason, end in ends.items():
            if self._units.is_vague(end):
                return str(reason)
        for decision in (contact.egress, contact.ingress):
            if self._program.tables.verdict[decision] == a.UNKNOWN:
                reason = _REASONS[self._program.tables.reason[decision]]
                # Several pods of one workload, or a pod in several versions, are one workload all the same.
                of_pods = reason in ends and self._of.kind(ends[reason]) == a.KIND_POD
                if reason in UNKNOWN_ENDS and not of_pods:
                    return str(reason)
        return ""

    def _targets(self, contact: Contact) -> tuple[list[_Target], str]:
        """Whom it may have reached; or nobody, and why that is not known."""
        reason = self._unknown(contact)
        if reason:
            return [], reason
        asked = contact.src, contact.dst, contact.protocol, contact.port, contact.first
        led = lead(self._program.tables, *asked)
        if not led.translated:
            decided = contact.egress, contact.ingress
            return [_Target(contact, contact.dst, contact.port, *decided, False)], ""
        found = []
        for dst, port in led.ends:
            kind = self._of.kind(dst)
            if kind in (a.KIND_UNRESOLVED, a.KIND_AMBIGUOUS):
                return [], str(_REASONS_OF_KIND[kind])
            ends = contact.src, dst, contact.protocol, port, -1
            egress, ingress, _ = decide.judge_pair(self._program.tables, *ends)
            found.append(_Target(contact, dst, port, int(egress), int(ingress), True))
        return found, ""

    def _sides(self, target: _Target) -> Iterator[tuple[_Target, Direction, State, int]]:
        """The sides of which a policy may have something to say."""
        for direction, subject, decision in (
            (Direction.EGRESS, target.contact.src, target.egress),
            (Direction.INGRESS, target.dst, target.ingress),
        ):
            is_pod = self._of.kind(subject) == a.KIND_POD
            state = self._existing.state(decision)
            asked = direction in self._directions and state not in (State.NOT_ASKED, State.NEVER)
            if is_pod and asked:
                yield target, direction, state, decision

    def _side(self, target: _Target, direction: Direction, state: State, decision: int) -> None:
        contact, port = target.contact, target.port
        own, other = (contact.src, target.dst) if direction is Direction.EGRESS else (target.dst, contact.src)
        subject = self._subject(own)
        if state is State.ALLOWED and not self._everything:
            if not contact.refused:
                self._note_dns(own, contact.protocol, port)
                names = self._of.name(contact.src, contact), self._of.name(target.dst, contact)
                kept = Kept(direction, *names, contact.protocol, port, self._existing.text(decision))
                self._found.kept.setdefault(kept, Tally()).add(_tally(contact))
            return
        if contact.refused and subject is None:
            return
        reason = self._unnameable(contact.protocol, port, state, subject)
        if reason:
            if not contact.refused:
                self._put_aside(reason, contact, target)
            return
        peer, end = self._of.peer(own, other, contact)
        if peer is None or subject is None:
            self._put_aside("no_such_rule" if end else "no_address", contact, target)
            return
        number = port if contact.protocol in WITH_PORTS else NO_PORT
        key = (subject.name, direction, peer, contact.protocol, number)
        if contact.refused:
            self._found.refused[key] = self._found.refused.get(key, 0) + max(contact.connections, 1)
            return
        self._note_dns(own, contact.protocol, port)
        atom = (own, other if isinstance(peer, Pods) else end)
        denied = state in (State.DENIED, State.FORBIDDEN)
        one = Need(
            *(subject, direction, peer, contact.protocol, number, _tally(contact), {atom}),
            ends={end: _tally(contact)} if not isinstance(peer, Pods) else {},
            denied_by={self._existing.text(decision)} if denied else set(),
            services=target.translated,
        )
        known = self._found.needs.get(key)
        if known is None:
            self._found.needs[key] = one
        else:
            known.join(one)

    def _note_dns(self, own: int, protocol: int, port: int) -> None:
        unit = self._of.unit(own)
        if unit is not None and port == DNS and protocol in (TCP, UDP):
            self._found.at_dns.add(unit.name)

    def _unnameable(self, protocol: int, port: int, state: State, subject: Unit | None) -> str:
        """Why no rule can say it; empty where one can."""
        if protocol in WITH_PORTS and port < 1:
            return "no_port"
        if protocol not in WITH_PORTS and not self._language.names(protocol):
            return "no_such_rule"
        if state is State.FORBIDDEN and not self._everything:
            return "forbidden"
        if state in (State.DENIED, State.FORBIDDEN) and not self._denied_too:
            return "denied_today"
        return "" if subject is not None else "no_labels"

    def _subject(self, endpoint: int) -> Unit | None:
        """Whose policy it is: the pod's workload's; where nothing selects that, any other's that was seen and
        whose policy isolates the pod."""
        own = self._units.of(endpoint)
        if own is None or own.selector is not None:
            return own
        others = self._units.selecting(endpoint)
        usable = (one for one in others if one.selector is not None and one.name in self._found.seen)
        return next(usable, None)

    def _put_aside(self, reason: str, contact: Contact, target: _Target | None = None) -> None:
        dst, port = (contact.dst, contact.port) if target is None else (target.dst, target.port)
        names = self._of.name(contact.src, contact), self._of.name(dst, contact)
        port = port if contact.protocol in WITH_PORTS else NO_PORT
        one = Aside(str(reason), *names, contact.protocol, port)
        self._found.aside.setdefault(one, Tally()).add(_tally(contact))


def _tally(contact: Contact) -> Tally:
    return Tally(contact.connections, contact.records, contact.first, contact.last)
