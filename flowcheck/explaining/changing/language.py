"""What every language of policies says of a rule to add, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from flowcheck.counted import listed
from flowcheck.explaining.ends import Candidate
from flowcheck.explaining.selection import Selection, pods_with, workload_labels
from flowcheck.explaining.words import labels_text
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.policy import Direction

Entry = dict[str, Any]
NO_ADDRESS = "{} has no known address, so no rule can name it"


@dataclass(frozen=True, slots=True)
class Side:
    """Whom a rule is for and about, in which direction: a pod of ``namespace`` on ``node``, or a node, which
    has no namespace. ``note`` takes what is worth knowing of it."""

    cluster: Cluster
    direction: Direction
    namespace: str
    node: str
    peer: Candidate
    note: Callable[[str], None]

    @property
    def own_node(self) -> bool:
        return self.peer.node is not None and self.peer.node == self.node


class Language(Protocol):
    """One language. ``extends``: the kinds of policies that it adds rules to; ``kind`` is how a new one is
    called. ``frees``: a new one need not isolate whom it selects."""

    kind: str
    extends: frozenset[str]
    frees: bool

    def has(self, cluster: Cluster, key: str) -> bool:
        """Whether its selectors see a label."""

    def peer(self, side: Side) -> Entry | None:
        """The peer in a rule; None, where no rule can name it."""

    def rule(
        self, direction: Direction, peer: Entry, protocol: int, ports: list[int], note: Callable[[str], None]
    ) -> Entry:
        """A rule that allows a peer; ``ports`` are none where the protocol has none."""

    def document(self, name: str, selection: Selection, direction: Direction, rules: list[Entry]) -> Entry:
        """A new policy."""


def peer_labels(language: Language, side: Side, peer: Pod) -> dict[str, str]:
    """The labels that mean the pods of the peer's workload, with a note whom they mean beside."""
    cluster = side.cluster
    labels = workload_labels(cluster, peer, lambda key: language.has(cluster, key))
    meant = {p.workload for p in pods_with(cluster, peer.namespace, labels)} - {peer.workload}
    if meant:
        others = listed(sorted(map(str, meant)))
        if labels:
            side.note(f"the labels {labels_text(labels)} are also those of {others}")
        else:
            side.note(f"pods without labels cannot be told apart: the rule is for {others} as well")
    return labels


def host_cidr(address: str) -> str:
    return f"{address}/{128 if ':' in address else 32}"
