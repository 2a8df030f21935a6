"""Which PeerAuthentication counts before which: the three levels, in each the oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from flowcheck.model.cluster import Pod
from flowcheck.model.mesh.written import Mode, PeerAuthentication
from flowcheck.model.peers import PodQuery
from flowcheck.model.policy import Policy


@dataclass(frozen=True, slots=True)
class Level:
    """A policy with what it says."""

    policy: Policy
    written: PeerAuthentication

    @property
    def age(self) -> tuple[str, str]:
        """Policies of one second go by their names."""
        return self.written.created, self.policy.name

    def meets(self, other: Level) -> bool:
        """Whether both may be there at some time."""
        one, two = self.policy.lifetime, other.policy.lifetime
        return one.start < two.end and two.start < one.end

    def covers(self, other: Level) -> bool:
        """Whether it surely is there whenever the other may be."""
        one, two = self.policy.lifetime, other.policy.lifetime
        return one.sure_start <= two.start and two.end <= one.sure_end

    def selects(self, pod: Pod) -> bool:
        query = self.policy.subject
        return isinstance(query, PodQuery) and query.pods.matches(pod.labels)

    def says_as(self, other: Level) -> bool:
        return (self.written.mode, self.written.ports) == (other.written.mode, other.written.ports)


def oldest_first(policies: Iterable[Policy]) -> list[Level]:
    levels = [Level(one, one.mesh) for one in policies if isinstance(one.mesh, PeerAuthentication)]
    return sorted(levels, key=lambda one: one.age)


def in_force(levels: Sequence[Level], beside: Level) -> tuple[list[Mode], bool]:
    """The modes that may be those of a level while ``beside`` is there, and whether there may be none."""
    found = []
    for level in levels:
        if level.meets(beside):
            found.append(level.written.mode)
        if level.covers(beside):
            return found, False
    return found, True


def contested(levels: Sequence[Level], pods: Iterable[Pod]) -> Iterator[Level]:
    """Those of which nothing tells which is the older, though they say different things of one pod."""
    open_ones = [one for one in levels if not one.written.created]
    seen = list(pods)
    for one in levels:
        for other in open_ones if one.written.created else levels:
            if one is other or one.says_as(other) or not one.meets(other):
                continue
            if any(one.selects(pod) and other.selects(pod) for pod in seen):
                yield one
                break
