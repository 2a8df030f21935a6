"""The question put together: find both ends, judge every pair by the compiled program, explain each case.

Called by people through ``flowcheck.explain`` and by the command. An end that may mean several things has a
verdict only where all of them agree; a Service only where all its backends do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from flowcheck.compile import Program
from flowcheck.compile.frozen import compile_at
from flowcheck.engines.profiles import apply
from flowcheck.explaining.change import Denied, propose
from flowcheck.explaining.compiled import NOT_ASKED, Outcome, judge_pairs
from flowcheck.explaining.destinations import find_destination, translation
from flowcheck.explaining.ends import Candidate, Party
from flowcheck.explaining.finder import Finder
from flowcheck.explaining.mesh.pairs import MeshExplainer
from flowcheck.explaining.mesh.told import Telling, telling
from flowcheck.explaining.question import Asked, Connection, connection
from flowcheck.explaining.records import Case, Change, Explanation
from flowcheck.explaining.sides import explain_side, past_network
from flowcheck.explaining.summary import end_answer, moment, not_seen, sentence_of, split_of
from flowcheck.explaining.verdicts import Pair, together, verdict_of
from flowcheck.explaining.walk import Walked
from flowcheck.model.cluster import Cluster
from flowcheck.model.instants import instant_of
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy
from flowcheck.model.protocols import TCP, protocol_name
from flowcheck.model.tiers import Layer
from flowcheck.model.timeline import END
from flowcheck.model.verdict import Reason, Verdict


def explain(
    program: Program | Cluster,
    *,
    src: str,
    dst: str,
    port: int | None = 80,
    protocol: str | int = "TCP",
    at: datetime | None = None,
    source_port: int | None = None,
    principal: str | None = None,
    method: str | None = None,
    path: str | None = None,
    host: str | None = None,
    sni: str | None = None,
    waypoint: bool = False,
) -> Explanation:
    """Why ``src`` may or may not talk to ``dst``, by every policy asked, and what would change it.

    An end is an address, ``NS/POD``, ``NS/WORKLOAD``, ``NS/KIND/NAME`` or ``Node/NAME``; ``dst`` may be a
    Service, ``NS/svc/NAME``, and ``port`` is then the Service's. ``protocol`` is TCP, UDP, SCTP, ICMP, ICMPv6
    or a number. ``at``: the instant to explain, where the cluster changed over time; None: the latest.
    ``source_port``: the port that it comes from, which few rules ask for; None: any.

    The others say what a record would tell a service mesh: ``principal`` the SPIFFE id that the client
    proves, or ``none``, and of its request ``method``, ``path``, ``host``, and the name in TLS's greeting.
    ``waypoint``: as a waypoint records it, that lets it through to a Service: its policies alone are asked,
    and ``port`` is the Service's. Without a mesh none of them changes anything.

    A Cluster is compiled first, as the network plugin enforces it that its own objects tell, with the default
    options: for many questions, or other options, give what ``compile_program`` made of it.

    Raises: RunError for a name nobody has; ValueError for a port, protocol or identity there cannot be.
    """
    asked = connection(protocol, port, source_port)
    instant = END - 1 if at is None else instant_of(at)
    finder = Finder(_at_one_time(program, instant), by_waypoint=waypoint and asked.protocol == TCP)
    told = telling(principal, method, path, host, sni, by_waypoint=finder.by_waypoint)
    source = finder.find(src)
    destination = find_destination(finder, dst, asked.port, asked.protocol, source)
    answer = _Explainer(finder, asked, told).explain(source, destination)
    return msgspec.structs.replace(answer, **moment(_cluster_of(program), instant))


def _cluster_of(given: Program | Cluster) -> Cluster | None:
    return given if isinstance(given, Cluster) else given.cluster


def _at_one_time(given: Program | Cluster, instant: int) -> Program:
    """The program of the cluster as it was at one instant; where nothing ever changes, the one given."""
    if isinstance(given, Cluster):
        cluster, options, _ = apply(given, Options())
    elif isinstance(given, Program):
        if given.cluster is None or given.cluster.is_static:
            return given
        cluster, options = given.cluster, given.options
    else:
        raise TypeError(f"explain takes a Program or a Cluster, not a {type(given).__name__}")
    return compile_at(cluster, options, instant)


class _Explainer:
    """Explains pairs of ends of one program for one kind of connection."""

    def __init__(self, finder: Finder, asked: Connection, telling: Telling) -> None:
        self._program = finder.program
        self._cluster: Cluster = finder.cluster
        policies = sorted(finder.cluster.policies, key=lambda policy: policy.order)
        previewed = self._program.options.staged
        in_force = [one for one in policies if previewed or not one.staged]
        staged = [one for one in policies if one.staged and not previewed]
        self._policies: list[Policy] = [one for one in in_force if one.tier.layer is Layer.NETWORK]
        self._staged: list[Policy] = [one for one in staged if one.tier.layer is Layer.NETWORK]
        self._asked = asked
        self._by_waypoint = telling.by_waypoint
        self._mesh = MeshExplainer.of(self._program, asked, telling, in_force, staged)

    def explain(self, src: Party, dst: Party) -> Explanation:
        reached = dst.by_source or (dst.ends,) * len(src.ends)
        pairs = [(s, d) for s, ends in zip(src.ends, reached, strict=True) for d in ends]
        asked = self._asked
        ports = [asked.port if d.port is None else d.port for _, d in pairs]
        endpoints = [(s.endpoint, d.endpoint) for s, d in pairs]
        outcomes = judge_pairs(self._program, endpoints, asked.protocol, ports, asked.source_port)
        if self._by_waypoint:
            outcomes = [NOT_ASKED] * len(pairs)
        if self._mesh is not None:
            outcomes = self._mesh.judge(pairs, ports, outcomes)
        cases, denied = self._cases(pairs, outcomes)
        verdict, reason = verdict_of(src, dst, pairs, outcomes, cases)
        why, settle = self._summary(src, dst, verdict, reason, cases)
        change = self._change(denied, len(pairs))
        return Explanation(
            src=end_answer(src, not_seen(self._cluster, src, dst)),
            dst=end_answer(dst, filter(None, [translation(asked.port, dst, asked.protocol)])),
            port=asked.port,
            source_port=asked.source_port,
            protocol=protocol_name(asked.protocol),
            verdict=str(verdict),
            reason=str(reason),
            why=why,
            settle=settle,
            cases=tuple(cases),
            change=change,
            options=view.answers if (view := self._cluster.view) else {},
            engine=view.sentence if view else "",
            left_out=tuple(map(str, self._cluster.refused)),
            perhaps_in_force=view.doubts if view else (),
        )

    def _change(self, denied: Sequence[Denied], n_pairs: int) -> Change | None:
        """What would allow it, if anything is denied."""
        if not denied:
            return None
        return propose(self._cluster, self._program.options, denied, self._asked.protocol, n_pairs)

    def _cases(self, pairs: list[Pair], outcomes: list[Outcome]) -> tuple[list[Case], list[Denied]]:
        """One case for each distinct outcome, explained by the first pair that has it."""
        same: dict[tuple[Outcome, int | None, str], list[Pair]] = {}
        for (s, d), outcome in zip(pairs, outcomes, strict=True):
            workload = str(d.pod.workload) if d.pod else ""
            same.setdefault((outcome, d.port, workload), []).append((s, d))
        cases: list[Case] = []
        denied: list[Denied] = []
        for (outcome, port, _), alike in same.items():
            src, dst = alike[0]
            asked = self._asked.port if port is None or self._by_waypoint else port
            egress = self._side(Direction.EGRESS, src, dst, asked, outcome.egress)
            ingress = self._side(Direction.INGRESS, dst, src, asked, outcome.ingress)
            arrival = self._question(Direction.INGRESS, dst, src, asked)
            mesh = self._mesh.explain(arrival, outcome) if self._mesh is not None else None
            said = [egress.answer, ingress.answer, *([mesh.answer] if mesh is not None else [])]
            verdict, reason = together(said)
            if verdict != outcome.verdict:
                raise AssertionError("the sides do not make the verdict")
            if outcome.verdict is Verdict.DENY:
                denied += [Denied(s, d, asked, egress, ingress, mesh) for s, d in alike]
            sources = tuple(dict.fromkeys(name for s, _ in alike for name in s.members or (s.name,)))
            destinations = tuple(dict.fromkeys(name for _, d in alike for name in d.members or (d.name,)))
            cases.append(
                Case(
                    src=src.name,
                    dst=dst.name,
                    port=asked,
                    verdict=str(verdict),
                    reason=str(reason),
                    egress=egress.answer,
                    ingress=ingress.answer,
                    sources=sources,
                    destinations=destinations,
                    mesh=mesh.answer if mesh is not None else None,
                )
            )
        return cases, denied

    def _side(
        self, direction: Direction, subject: Candidate, peer: Candidate, port: int | None, decision: int
    ) -> Walked:
        question = self._question(direction, subject, peer, port)
        if self._by_waypoint:
            return past_network(question)
        return explain_side(self._program, question, self._policies, self._staged, decision)

    def _question(self, direction: Direction, subject: Candidate, peer: Candidate, port: int | None) -> Asked:
        protocol, source = self._asked.protocol, self._asked.source
        return Asked(self._cluster, self._program.options, direction, subject, peer, protocol, port, source)

    def _summary(
        self, src: Party, dst: Party, verdict: Verdict, reason: Reason, cases: list[Case]
    ) -> tuple[str, str]:
        """The verdict of the whole in a sentence, and what would settle it where it is open."""
        if not cases:
            why = f"{dst.name} has no backends: nobody answers, and there is nothing to judge"
            return why, dst.settle
        if reason in (
            Reason.UNRESOLVED_SRC,
            Reason.UNRESOLVED_DST,
            Reason.AMBIGUOUS_SRC,
            Reason.AMBIGUOUS_DST,
        ):
            lost = [end for end in (*src.ends, *dst.ends) if end.lost]
            if lost and len(cases) == 1:
                return lost[0].why_lost, lost[0].settle
        if len(cases) > 1 and verdict is Verdict.UNKNOWN and len({c.verdict for c in cases}) > 1:
            split = split_of(cases, by_source=reason is Reason.AMBIGUOUS_SRC)
            if reason is Reason.SERVICE_BACKENDS_DIFFER:
                return f"its backends differ: {split}", "ask for one backend by its pod's name"
            which = src if reason is Reason.AMBIGUOUS_SRC else dst
            return f"{which.name} stands for several that policies treat differently: {split}", (
                "ask for one pod, or one address"
            )
        if len(cases) > 1 and verdict is Verdict.UNKNOWN:
            why = (
                f"every case is {cases[0].verdict}, but not by the same policies; an audit says unknown then"
            )
            return why, "ask for one pod, or one address"
        first = cases[0]
        settles = (first.egress, first.ingress, *([first.mesh] if first.mesh else []))
        return sentence_of(first), next((side.settle for side in settles if side.settle), "")
