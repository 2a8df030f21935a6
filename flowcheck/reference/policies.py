"""What the policies say of one side of a flow, and which policies those were at the time.

Of each policy (kind, namespace, name) those versions may have been in force that could have been about the
time of the flow; where its version was not sure and no second one was there to follow it, none, too. A side
has a verdict only where every choice of one version each gives the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy
from flowcheck.model.protocols import ICMP, ICMPV6
from flowcheck.model.tiers import Layer
from flowcheck.model.timeline import END
from flowcheck.model.verdict import Reason
from flowcheck.reference.ends import End
from flowcheck.reference.flow import NOT_APPLICABLE, Side, Tuple5, unknown
from flowcheck.reference.matching import Question, selects
from flowcheck.reference.moments import distinct, moments
from flowcheck.reference.requests import NO_MESH, Told
from flowcheck.reference.rules import any_port
from flowcheck.reference.surroundings import Surroundings


class Policies:
    """The policies of one layer of a cluster, over time."""

    def __init__(self, cluster: Cluster, options: Options, layer: Layer) -> None:
        self.options = options
        self.around = Surroundings(cluster)
        self.known_until = cluster.known_until
        self.versions: dict[tuple[str, str], list[Policy]] = defaultdict(list)
        for policy in cluster.policies:
            if policy.tier.layer is layer and (options.staged or not policy.staged):
                self.versions[policy.identity].append(policy)

    def ask(
        self,
        direction: Direction,
        subject: End,
        peer: End,
        flow: Tuple5,
        port: int | None,
        *,
        own_node: bool,
        told: Told = NO_MESH,
    ) -> Side:
        """The side's verdict at the time of the flow, which goes to this port; the versions that were in
        force first are the ones to name. ``own_node``: the peer is the node of the subject."""
        is_host = subject.node is not None and self.options.host_policies
        if subject.pod is None and not is_host:
            return NOT_APPLICABLE
        at = flow.time
        if self.options.policies_at is None and at + self.options.skew >= self.known_until:
            return unknown(Reason.AMBIGUOUS_POLICY)
        number = flow.icmp if flow.protocol in (ICMP, ICMPV6) else port
        around, options = self.around, self.options
        ends = (subject, peer)
        question = Question(direction, *ends, flow.protocol, number, options, around, own_node, told=told)
        question = replace(question, source=flow.src_port)
        choices = [
            self._telling(versions, question, at)
            for versions in self.versions.values()
            if any(has_say(version, question) for version in versions)
        ]
        sides = [any_port(replace(question, policies=in_order(chosen))) for chosen in product(*choices)]
        if len({(side.verdict, side.reason) for side in sides}) > 1:
            return unknown(Reason.AMBIGUOUS_POLICY)
        return sides[0]

    def _telling(self, versions: list[Policy], question: Question, at: int) -> list[Policy | None]:
        """A policy's versions at a time as far as they can matter: one that has no say is as good as none."""
        return distinct(
            version if version is not None and has_say(version, question) else None
            for version in self._in_force(versions, at)
        )

    def _in_force(self, versions: list[Policy], at: int) -> list[Policy | None]:
        """The versions that may have been in force, the earliest first; None stands for no policy."""
        if self.options.policies_at is not None:
            return [latest(versions, min(self.options.policies_at, END - 1))]
        found: list[Policy] = []
        absent: int | None = None
        for instant in moments((version.lifetime for version in versions), at, self.options.skew):
            sure = [version for version in versions if version.lifetime.sure(instant)]
            possible = [version for version in versions if version.lifetime.possible(instant)]
            found += sure or possible
            if not sure and len(possible) < 2 and absent is None:
                absent = instant
        found = sorted(distinct(found), key=lambda version: version.lifetime.start)
        if absent is None:
            return [*found]
        before = all(absent < version.lifetime.sure_start for version in found)
        return [None, *found] if before else [*found, None]


def latest(versions: Sequence[Policy], instant: int) -> Policy | None:
    """The version that began last of those that may have been in force at an instant."""
    there = [version for version in versions if version.lifetime.possible(instant)]
    return max(reversed(there), key=lambda version: version.lifetime.start, default=None)


def has_say(policy: Policy, question: Question) -> bool:
    """Whether a policy selects the subject, or may, and says anything in that direction to who asks."""
    if policy.by_waypoint is not question.told.by_waypoint:
        return False
    direction = question.direction
    ruled = bool(policy.rules(direction)) or (direction in policy.isolates and policy.tier.denies)
    return ruled and selects(policy, question) is not False


def in_order(chosen: Iterable[Policy | None]) -> tuple[Policy, ...]:
    """The chosen versions in the order policies are asked in."""
    return tuple(sorted((p for p in chosen if p is not None), key=lambda policy: policy.order))
