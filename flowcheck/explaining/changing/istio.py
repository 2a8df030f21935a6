"""What would make a mesh let a connection in: a rule of an AuthorizationPolicy, or what to change instead.

ALLOW policies add up, so one more rule in any that is for the destination is enough. A DENY and mutual TLS
are another matter: no rule undoes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from flowcheck.counted import listed
from flowcheck.explaining.changing.language import Entry, host_cidr
from flowcheck.explaining.changing.yaml_text import yaml_text
from flowcheck.explaining.ends import Candidate
from flowcheck.explaining.mesh.side import MeshWalked
from flowcheck.explaining.question import UNKNOWN_ID, Way
from flowcheck.explaining.records import Edit
from flowcheck.explaining.walk import Walked
from flowcheck.model.mesh.tiers import PEER_AUTHENTICATION
from flowcheck.model.mesh.written import Authorization, PeerAuthentication
from flowcheck.model.peers import DataPlane
from flowcheck.model.policy import Policy
from flowcheck.model.verdict import Verdict

Note = Callable[[str], None]


@dataclass(slots=True)
class _Addition:
    """Rules to add to one policy: a client and a request as a rule has them, with its ports."""

    policy: Policy
    rules: dict[str, tuple[Entry, Entry, set[int]]] = field(default_factory=dict)
    whom: dict[str, None] = field(default_factory=dict)
    subjects: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class MeshProposal:
    """``note`` takes what is worth knowing, ``falls_short`` why the change is not enough."""

    note: Note
    falls_short: Note
    additions: dict[str, _Addition] = field(default_factory=dict)

    def add(self, src: Candidate, dst: Candidate, port: int | None, mesh: MeshWalked) -> None:
        if mesh.answer.verdict == Verdict.UNKNOWN:
            self.falls_short(f"the mesh stays unknown: {mesh.answer.why}")
            return
        if mesh.answer.verdict != Verdict.DENY:
            return
        if not mesh.walks:
            self.falls_short(f"the mesh denies it: {mesh.answer.why}")
        for way, walked in mesh.walks:
            self._in_one_way(src, dst, port, way, walked)

    def _in_one_way(self, src: Candidate, dst: Candidate, port: int | None, way: Way, walked: Walked) -> None:
        ending = walked.ending
        if ending.tried is not None:
            policy, label = ending.tried.policy, ending.tried.rule.label
            if ending.tier == PEER_AUTHENTICATION:
                self.falls_short(_plaintext(src, port, policy))
            else:
                what = "that DENY policy" if isinstance(policy.mesh, Authorization) else "it"
                place = f"{policy}[{label}] ({ending.tried.rule.source})"
                self.falls_short(f"{place} denies it, and nothing that allows undoes that: change {what}")
            return
        allowing = [one for one in ending.isolating if isinstance(one.mesh, Authorization)]
        if not allowing:
            named = listed(ending.names)
            self.falls_short(f"{named} lets in only what is allowed there: allow {src.name} there")
            return
        for tried in walked.hanging:
            if tried.rule.action == "deny":
                name = f"{tried.policy}[{tried.rule.label}]"
                self.falls_short(f"{name} may deny it all the same: no input tells whether it matches")
        client = _client(src, way, self.note)
        if client is None or port is None:
            self.falls_short(f"no input tells which identity {src.name} presents, so no rule can name it")
            return
        policy = min(allowing, key=lambda one: (not _has_selector(one), str(one)))
        addition = self.additions.setdefault(str(policy), _Addition(policy))
        request = _request(way, dst)
        addition.rules.setdefault(repr((client, request)), (client, request, set()))[-1].add(port)
        addition.whom[str(src.pod.workload) if src.pod else src.name] = None
        addition.subjects[str(dst.pod.workload) if dst.pod else dst.name] = None
        if way.by_waypoint:
            self.note(f"the rule is for all that {policy} targets")
        elif not _has_selector(policy):
            self.note(f"{policy} is for all workloads of its namespace, and so is the rule")

    def edits(self) -> Iterator[Edit]:
        for addition in self.additions.values():
            rules = [_rule(*parts) for parts in addition.rules.values()]
            policy, entry = addition.policy, "this rule" if len(rules) == 1 else "these rules"
            purpose = f"{listed(addition.subjects)} may be reached from {listed(addition.whom)}"
            text = f"mesh: add {entry} to spec.rules of {policy} ({policy.source}), so that {purpose}"
            yield Edit("mesh", text, yaml_text(rules), str(policy), policy.namespace, str(policy.source))


def _has_selector(policy: Policy) -> bool:
    return isinstance(policy.mesh, Authorization) and policy.mesh.has_selector


def _client(src: Candidate, way: Way, note: Note) -> Entry | None:
    """The source of a rule; None where nothing names it."""
    if way.presented == UNKNOWN_ID:
        return None
    if way.presented is not None:
        return {"principals": [way.presented.removeprefix("spiffe://")]}
    if src.address is None:
        return None
    note(
        f"{src.name} presents no identity, so the rule names its address: in the mesh it could be named by "
        "its service account"
    )
    return {"ipBlocks": [host_cidr(src.address)]}


def _request(way: Way, dst: Candidate) -> Entry:
    """As far as it is told; ztunnel would leave out a rule that asks for it."""
    plane = dst.pod.mesh.plane if dst.pod is not None and dst.pod.mesh is not None else None
    if not way.by_waypoint and plane in (None, DataPlane.AMBIENT):
        return {}
    told = (("methods", way.request.method), ("paths", way.request.path))
    return {name: [value] for name, value in told if value and "*" not in value}


def _rule(client: Entry, request: Entry, ports: Iterable[int]) -> Entry:
    operation = {"ports": [str(port) for port in sorted(ports)], **request}
    return {"from": [{"source": client}], "to": [{"operation": operation}]}


def _plaintext(src: Candidate, port: int | None, policy: Policy) -> str:
    written = policy.mesh
    there = f"{policy} ({policy.source})"
    alone = isinstance(written, PeerAuthentication) and written.has_selector
    if alone:
        mode = f"set portLevelMtls {port} to mode PERMISSIVE in {there}"
    else:
        mode = f"add a PeerAuthentication with a selector whose portLevelMtls {port} has mode PERMISSIVE"
    if src.pod is None:
        way = f"let {src.name} come by a gateway of the mesh"
    elif src.pod.mesh is not None:
        way = f"let {src.name} come by its own proxy"
    else:
        way = f"put {src.name} into the mesh"
    return f"{way}, so that it is by mutual TLS, as {there} asks; or {mode}"
