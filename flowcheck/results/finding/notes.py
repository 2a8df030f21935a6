"""What may explain a finding beside a breach: said with it, so that nobody looks for the wrong thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import msgspec
import numpy as np

from flowcheck import arrays as a
from flowcheck.compile import Program
from flowcheck.counted import counted
from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.membership import HBONE_PORT
from flowcheck.model.verdict import Violation
from flowcheck.results.edges import Edges
from flowcheck.results.records.findings import Finding

OWN_NODE = (
    "the example's pod runs on this node: Kubernetes' documentation always allows traffic to a pod's own "
    "node, network plugins judge it by policy, as here"
)
TUNNEL = "15008 is the port of the mesh's tunnels (HBONE): what was dialled is inside"
STOPPED = (
    "{} of the mesh's own say that it denied these two by the same policies: what those tell of was stopped"
)


class SaidByMesh:
    """What the mesh's own records say beside those of a network, which end where they reach a proxy."""

    def __init__(self, program: Program, edges: Edges) -> None:
        self._program, self._edges = program, edges

    @cached_property
    def _stopped(self) -> Counter[tuple[int, int, int]]:
        """Records that say so, of two ends and by what denies; looked for once a finding asks."""
        edges, found = self._edges, Counter[tuple[int, int, int]]()
        denied = (edges.observed == a.OBSERVED_DENIED) & (self._program.tables.verdict[edges.mesh] == a.DENY)
        places = np.flatnonzero(denied)
        for e, records in zip(places.tolist(), edges.records[places].tolist(), strict=True):
            found[self._key(e)] += records
        return found

    def note(self, e: int) -> str:
        """Of an edge that the mesh denies, and of which is not told what became of it."""
        said = [TUNNEL] if self._edges.port[e] == HBONE_PORT else []
        if stopped := self._stopped[self._key(e)]:
            said.append(STOPPED.format(counted(stopped, "record")))
        return "; ".join(said)

    def _key(self, e: int) -> tuple[int, int, int]:
        return int(self._edges.source[e]), int(self._edges.destination[e]), int(self._edges.mesh[e])


def add_notes(findings: Sequence[Finding], cluster: Cluster | None) -> list[Finding]:
    """The findings, with a note where a pod was denied the node that it runs on."""
    kind = str(Violation.FORWARDED_DENIED)
    to_nodes = [f for f in findings if f.kind == kind and f.direction == "egress" and _is_node(f)]
    if cluster is None or not to_nodes:
        return list(findings)
    places = {(f"{pod.namespace}/Pod/{pod.name}", f"Node/{pod.node}") for pod in cluster.pods if pod.node}
    own = {f.fingerprint for f in to_nodes if (f.example.src, f.example.dst) in places}
    return [msgspec.structs.replace(f, note=OWN_NODE) if f.fingerprint in own else f for f in findings]


def _is_node(finding: Finding) -> bool:
    return finding.destination.startswith("Node/")
