"""Between whom: workloads folded from their pods, blocks of addresses outside, and all nodes as one.

A pod with two addresses has two endpoints, of which one speaks to addresses of its own family only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from flowcheck import arrays as a
from flowcheck.compile.endpoints.addresses import Prefix
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.model.cluster import Pod
from flowcheck.reach.blocks import blocks_of, name_of

Kind = Literal["workload", "block", "nodes"]
NODES = "(all nodes)"
ANY_FAMILY = 0
"""Of an endpoint without an address."""


@dataclass(frozen=True, slots=True)
class Member:
    """One endpoint of a party: which pod it is (-1 none in particular), and the family of its address."""

    endpoint: int
    pod: int
    family: int


@dataclass(frozen=True, slots=True)
class Party:
    """One row or column of a matrix. ``name`` is a workload's as ``NS/KIND/NAME``, a block's CIDR or what it
    is called. ``pods`` of the ``of_pods`` that it has are meant, the others were not asked for; 0 of a
    template. ``replicas``: it stands for any number of pods alike, as a template without pods does."""

    name: str
    kind: Kind
    members: tuple[Member, ...]
    namespace: str = ""
    pods: int = 0
    of_pods: int = 0
    replicas: bool = False
    prefix: Prefix | None = None

    def only(self, endpoints: Iterable[int]) -> Party | None:
        """The same with some of its endpoints; None where it has none of them."""
        wanted = set(endpoints)
        kept = tuple(one for one in self.members if one.endpoint in wanted)
        if not kept or len(kept) == len(self.members):
            return self if kept else None
        pods = len({one.pod for one in kept})
        return Party(
            self.name, self.kind, kept, self.namespace, pods, self.of_pods, self.replicas, self.prefix
        )


def workloads_of(axis: Axis) -> list[Party]:
    """By name. Pods on the network of their node are not among them: to policies they are it."""
    by_name: dict[str, list[tuple[Member, Pod]]] = {}
    for endpoint, pod in axis.pods:
        end = axis.endpoints[endpoint]
        if end.kind == a.KIND_POD:
            family = end.prefix.version if end.prefix is not None else ANY_FAMILY
            by_name.setdefault(end.group, []).append((Member(endpoint, end.pod, family), pod))
    found = []
    for name, of in sorted(by_name.items()):
        n_pods = len({member.pod for member, pod in of if not pod.template})
        replicas = any(pod.template for _, pod in of)
        members = tuple(member for member, _ in of)
        found.append(Party(name, "workload", members, of[0][1].namespace, n_pods, n_pods, replicas))
    return found


def nodes_of(axis: Axis) -> list[Party]:
    """One for all nodes, at all of their addresses that are sure; none where no node is known."""
    ends = [(e, end) for e, end in enumerate(axis.endpoints) if end.kind == a.KIND_NODE and not end.likely]
    members = tuple(
        Member(endpoint, -1, end.prefix.version if end.prefix is not None else ANY_FAMILY)
        for endpoint, end in ends
    )
    return [Party(NODES, "nodes", members)] if members else []


def outside_of(axis: Axis, more: Iterable[Prefix] = ()) -> list[Party]:
    """One for each block, ascending; ``more`` are blocks of another cluster that it is held against."""
    return [
        Party(name_of(prefix), "block", (Member(end, -1, prefix.version),), prefix=prefix)
        for prefix, end in sorted(blocks_of(axis, more).items())
    ]
