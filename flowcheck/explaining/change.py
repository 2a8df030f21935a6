"""The smallest change to the policies that would allow what they deny, as sentences and YAML.

Policies that isolate add up, so one more rule is enough wherever isolation denies, in the language of the
policy that does. It goes into an existing policy that is for exactly these pods, else into a new one that
selects them by stable labels. A rule that denies by itself is another matter: no added rule can undo it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flowcheck.counted import listed
from flowcheck.explaining.asking.checks import exception_of
from flowcheck.explaining.changing.denials import final, is_baseline, language_of, perhaps_node
from flowcheck.explaining.changing.istio import MeshProposal
from flowcheck.explaining.changing.kubernetes import FIELDS
from flowcheck.explaining.changing.language import Entry, Language, Side
from flowcheck.explaining.changing.yaml_text import yaml_text
from flowcheck.explaining.ends import Candidate
from flowcheck.explaining.mesh.side import MeshWalked
from flowcheck.explaining.question import Asked
from flowcheck.explaining.records import Change, Edit
from flowcheck.explaining.selection import Selection, for_node, select
from flowcheck.explaining.walk import Walked
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Action, AddressBlock, Direction, Policy
from flowcheck.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Denied:
    """One pair that is denied, with both its sides."""

    src: Candidate
    dst: Candidate
    port: int | None
    egress: Walked
    ingress: Walked
    mesh: MeshWalked | None = None

    def sides(self) -> Iterable[tuple[Direction, Candidate, Candidate, Walked]]:
        yield Direction.EGRESS, self.src, self.dst, self.egress
        yield Direction.INGRESS, self.dst, self.src, self.ingress


@dataclass(slots=True)
class _Addition:
    """Rules to add for one subject in one direction: peers by their text, each with its ports."""

    direction: Direction
    language: Language
    selection: Selection
    subject: str
    rules: dict[str, tuple[Entry, set[int | None]]] = field(default_factory=dict)
    peers: dict[str, None] = field(default_factory=dict)


class _Proposal:
    """Collects additions and notes over all denied pairs."""

    def __init__(self, cluster: Cluster, options: Options, protocol: int, several: bool) -> None:
        self._cluster, self._options = cluster, options
        self._several = several
        self._protocol = protocol
        self._additions: dict[object, _Addition] = {}
        self.notes: dict[str, None] = {}
        self.sufficient = True
        self._mesh = MeshProposal(self._note, self._falls_short)

    def add(self, denied: Denied) -> None:
        for direction, subject, peer, walked in denied.sides():
            if walked.ending.verdict is Verdict.DENY and not walked.answer.reason:
                self._side(direction, subject, peer, walked, denied.port)
            elif walked.answer.verdict == Verdict.UNKNOWN:
                self._falls_short(f"the {direction} side stays unknown: {walked.answer.why}")
        if denied.mesh is not None:
            self._mesh.add(denied.src, denied.dst, denied.port, denied.mesh)

    def _note(self, note: str) -> None:
        self.notes[note] = None

    def _falls_short(self, note: str) -> None:
        self.sufficient = False
        self._note(note)

    def _side(
        self, direction: Direction, subject: Candidate, peer: Candidate, walked: Walked, port: int | None
    ) -> None:
        ending = walked.ending
        if note := final(ending):
            self._falls_short(note)
            return
        for tried in walked.hanging:
            if tried.rule.action is Action.DENY and not is_baseline(tried.policy.tier):
                name = f"{tried.policy}[{tried.rule.label}]"
                self._falls_short(f"{name} may deny it all the same: no input tells whether it matches")
        if ending.decided_by != walked.answer.decided_by:
            self._falls_short(f"{direction}: other policies deny it from other ports, or for other messages")
        if perhaps_node(ending, peer, self._cluster):
            self._falls_short(
                f"no input tells whether {peer.name} is a node, for which no CIDR stands: give the Node "
                "objects too"
            )
        language = language_of(ending, peer)
        pod = subject.pod
        place = (pod.namespace, pod.node) if pod is not None else ("", subject.node or "")
        rule = language.peer(Side(self._cluster, direction, *place, peer, self._note))
        if rule is None:
            self._falls_short(f"{peer.name} has no known address, so no rule can name it")
            return
        question = Asked(self._cluster, self._options, direction, subject, peer, self._protocol, port)
        if pod is None:
            selection, alone = (
                for_node(ending.isolating, direction),
                "is a node, and no policy with such rules isolates it",
            )
        else:
            selection = select(
                question,
                pod,
                ending.isolating,
                extends=language.extends,
                frees=language.frees,
                seen=lambda key: language.has(self._cluster, key),
            )
            alone = "has no labels, so no policy can select it alone: label it first"
        if selection is None:
            self._falls_short(f"{subject.name} {alone}")
            return
        for note in (*selection.notes, *_kept_out(ending.isolating, direction, peer)):
            self._note(note)
        if is_baseline(ending.tier) and not language.frees:
            note = (
                f"the new policy takes the place of the Baseline tier for {direction} of these pods: "
                "whatever else they need in that direction must be allowed too"
            )
            if self._several:
                self._falls_short(note)
            else:
                self._note(note)
        chosen = selection.policy or tuple(sorted(selection.labels.items()))
        key = (direction, place[0], language.kind, id(chosen) if selection.policy else chosen)
        workload = str(pod.workload) if pod is not None else subject.name
        addition = self._additions.setdefault(key, _Addition(direction, language, selection, workload))
        _, ports = addition.rules.setdefault(repr(rule), (rule, set()))
        ports.add(port)
        addition.peers[str(peer.pod.workload) if peer.pod else peer.name] = None

    def edits(self) -> list[Edit]:
        taken = {(policy.namespace, policy.name) for policy in self._cluster.policies}
        own = [self._edit(addition, taken) for addition in self._additions.values()]
        return [*own, *self._mesh.edits()]

    def _edit(self, addition: _Addition, taken: set[tuple[str, str]]) -> Edit:
        direction, selection, language = addition.direction, addition.selection, addition.language
        rules = [
            language.rule(direction, peer, self._protocol, sorted(p for p in ports if p), self._note)
            for peer, ports in addition.rules.values()
        ]
        verb = "reach" if direction is Direction.EGRESS else "be reached from"
        purpose = f"{addition.subject} may {verb} {listed(addition.peers)}"
        policy = selection.policy
        if policy is not None:
            place = f" ({policy.source})" if str(policy.source) else ""
            entry = "this rule" if len(rules) == 1 else "these rules"
            text = f"{direction}: add {entry} to spec.{direction} of {policy}{place}, so that {purpose}"
            return Edit(
                str(direction), text, yaml_text(rules), str(policy), selection.namespace, str(policy.source)
            )
        name = _free_name(addition, selection.namespace, taken)
        document = language.document(name, selection, direction, rules)
        text = f"{direction}: apply this new {language.kind}, so that {purpose}"
        return Edit(str(direction), text, yaml_text(document), namespace=selection.namespace)


def propose(
    cluster: Cluster, options: Options, denied: Sequence[Denied], protocol: int, n_pairs: int
) -> Change:
    """What would allow every one of the denied pairs, of ``n_pairs`` that were asked about."""
    proposal = _Proposal(cluster, options, protocol, several=n_pairs > 1)
    for one in denied:
        proposal.add(one)
    edits = proposal.edits()
    return Change(proposal.sufficient, tuple(edits), tuple(proposal.notes))


def _kept_out(isolating: Iterable[Policy], direction: Direction, peer: Candidate) -> Iterable[str]:
    """What somebody kept out on purpose deserves a second look."""
    for policy in isolating:
        for rule in policy.rules(direction):
            for block in rule.peers or ():
                if isinstance(block, AddressBlock) and peer.address and peer.pod is None:
                    gap = exception_of(block, peer.address)
                    if gap:
                        yield (
                            f"{policy}[{rule.label}] leaves out {gap}, which {peer.address} is in: "
                            "it may be kept out on purpose"
                        )


def _free_name(addition: _Addition, namespace: str, taken: set[tuple[str, str]]) -> str:
    """A name that says what it is for, and that no policy of the namespace has."""
    short = addition.subject.rpartition("/")[2]
    peers = [peer.rpartition("/")[2].partition(" ")[0] for peer in addition.peers]
    peer = peers[0] if len(peers) == 1 and not peers[0][:1].isdigit() and ":" not in peers[0] else "more"
    base = f"allow-{short}-{FIELDS[addition.direction]}-{peer}".lower()[:60].rstrip("-.")
    number, name = 1, base
    while (namespace, name) in taken:
        number += 1
        name = f"{base}-{number}"
    taken.add((namespace, name))
    return name
