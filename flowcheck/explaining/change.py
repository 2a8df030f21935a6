"""The smallest change to the policies that would allow what they deny, as sentences and YAML.

NetworkPolicies add up, so one more rule is enough wherever a NetworkPolicy's isolation denies. It goes into
an existing policy that is for exactly these pods, else into a new one that selects them by stable labels.
A rule of the Admin tier that denies is another matter: nothing in a NetworkPolicy can undo it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flowcheck.counted import listed
from flowcheck.explaining.asking.checks import exception_of
from flowcheck.explaining.ends import Candidate
from flowcheck.explaining.records import Change, Edit
from flowcheck.explaining.selection import Selection, pods_with, select, workload_labels
from flowcheck.explaining.walk import Walked
from flowcheck.explaining.words import labels_text, protocol_name
from flowcheck.explaining.yaml_text import yaml_text
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster, Pod
from flowcheck.model.policy import Action, AddressBlock, Direction, Policy, Tier
from flowcheck.model.protocols import WITH_PORTS
from flowcheck.model.verdict import Verdict

FIELDS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}


@dataclass(frozen=True, slots=True)
class Denied:
    """One pair that is denied, with both its sides."""

    src: Candidate
    dst: Candidate
    port: int | None
    egress: Walked
    ingress: Walked

    def sides(self) -> Iterable[tuple[Direction, Candidate, Candidate, Walked]]:
        yield Direction.EGRESS, self.src, self.dst, self.egress
        yield Direction.INGRESS, self.dst, self.src, self.ingress


@dataclass(slots=True)
class _Addition:
    """Rules to add for one subject in one direction: peers by their text, each with its ports."""

    direction: Direction
    selection: Selection
    subject: str
    rules: dict[str, tuple[dict[str, Any], set[int | None]]] = field(default_factory=dict)
    peers: dict[str, None] = field(default_factory=dict)


class _Proposal:
    """Collects additions and notes over all denied pairs."""

    def __init__(self, cluster: Cluster, protocol: int, several: bool) -> None:
        self._cluster = cluster
        self._several = several
        self._protocol = protocol
        self._additions: dict[object, _Addition] = {}
        self.notes: dict[str, None] = {}
        self.sufficient = True

    def add(self, denied: Denied) -> None:
        for direction, subject, peer, walked in denied.sides():
            if walked.ending.verdict is Verdict.DENY and not walked.answer.reason:
                self._side(direction, subject, peer, walked, denied.port)
            elif walked.answer.verdict == Verdict.UNKNOWN:
                self._falls_short(f"the {direction} side stays unknown: {walked.answer.why}")

    def _falls_short(self, note: str) -> None:
        self.sufficient = False
        self.notes[note] = None

    def _side(
        self, direction: Direction, subject: Candidate, peer: Candidate, walked: Walked, port: int | None
    ) -> None:
        ending = walked.ending
        if ending.tier == Tier.ADMIN and ending.tried is not None:
            place = f" ({ending.tried.rule.source})" if str(ending.tried.rule.source) else ""
            self._falls_short(
                f"{ending.decided_by}{place} is of the Admin tier, which no NetworkPolicy can undo: "
                "change that rule, or put one that allows or passes this before it"
            )
            return
        for tried in walked.hanging:
            if tried.policy.tier == Tier.ADMIN and tried.rule.action is Action.DENY:
                name = f"{tried.policy}[{tried.rule.label}]"
                self._falls_short(f"{name} may deny it all the same: no input tells whether it matches")
        if subject.pod is None:
            return
        rule = self._peer(subject.pod, peer)
        if rule is None:
            return
        selection = select(self._cluster, subject.pod, direction, ending.isolating)
        if selection is None:
            self._falls_short(
                f"{subject.name} has no labels, so no policy can select it alone: label it first"
            )
            return
        for note in (*selection.notes, *_kept_out(ending.isolating, direction, peer)):
            self.notes[note] = None
        if ending.tier == Tier.BASELINE:
            note = (
                f"the new policy takes the place of the Baseline tier for {direction} of these pods: "
                "whatever else they need in that direction must be allowed too"
            )
            if self._several:
                self._falls_short(note)
            else:
                self.notes[note] = None
        key = (direction, subject.pod.namespace, selection.policy or tuple(sorted(selection.labels.items())))
        addition = self._additions.setdefault(key, _Addition(direction, selection, str(subject.pod.workload)))
        _, ports = addition.rules.setdefault(repr(rule), (rule, set()))
        ports.add(port)
        addition.peers[str(peer.pod.workload) if peer.pod else peer.name] = None

    def _peer(self, subject: Pod, peer: Candidate) -> dict[str, Any] | None:
        """The peer entry for one end; None, with a note, where no policy can name it."""
        if peer.pod is None:
            if peer.address is None:
                self._falls_short(f"{peer.name} has no known address, so no rule can name it")
                return None
            if peer.node is not None:
                self.notes[
                    f"{peer.name} is named by its address: everything on its host network is let in"
                ] = None
            return {"ipBlock": {"cidr": f"{peer.address}/{128 if ':' in peer.address else 32}"}}
        labels = workload_labels(self._cluster, peer.pod)
        entry: dict[str, Any] = {"podSelector": {"matchLabels": labels} if labels else {}}
        meant = {p.workload for p in pods_with(self._cluster, peer.pod.namespace, labels)} - {
            peer.pod.workload
        }
        if meant:
            others = listed(sorted(map(str, meant)))
            what = (
                f"the labels {labels_text(labels)} are"
                if labels
                else "pods without labels cannot be told apart"
            )
            self.notes[
                f"{what} also those of {others}" if labels else f"{what}: the rule is for {others} as well"
            ] = None
        if subject.namespace != peer.pod.namespace:
            namespace = {"matchLabels": {NAMESPACE_NAME_LABEL: peer.pod.namespace}}
            entry = {"namespaceSelector": namespace, **entry}
        return entry

    def edits(self) -> list[Edit]:
        taken = {(policy.namespace, policy.name) for policy in self._cluster.policies}
        return [self._edit(addition, taken) for addition in self._additions.values()]

    def _edit(self, addition: _Addition, taken: set[tuple[str, str]]) -> Edit:
        direction, selection = addition.direction, addition.selection
        rules = [self._rule(direction, peer, ports) for peer, ports in addition.rules.values()]
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
        document = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": selection.namespace},
            "spec": {
                "podSelector": {"matchLabels": selection.labels} if selection.labels else {},
                "policyTypes": [str(direction).title()],
                str(direction): rules,
            },
        }
        text = f"{direction}: apply this new NetworkPolicy, so that {purpose}"
        return Edit(str(direction), text, yaml_text(document), namespace=selection.namespace)

    def _rule(self, direction: Direction, peer: dict[str, Any], ports: set[int | None]) -> dict[str, Any]:
        rule: dict[str, Any] = {FIELDS[direction]: [peer]}
        if self._protocol in WITH_PORTS:
            name = protocol_name(self._protocol)
            rule["ports"] = [{"protocol": name, "port": port} for port in sorted(p for p in ports if p)]
        else:
            self.notes[
                f"a NetworkPolicy cannot name {protocol_name(self._protocol)}: the rule has no ports, and so "
                "admits every protocol and port"
            ] = None
        return rule


def propose(cluster: Cluster, denied: Sequence[Denied], protocol: int, n_pairs: int) -> Change:
    """What would allow every one of the denied pairs, of ``n_pairs`` that were asked about."""
    proposal = _Proposal(cluster, protocol, several=n_pairs > 1)
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
