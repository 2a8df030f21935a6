"""One side of a flow, as policies are asked about it."""

from __future__ import annotations

from dataclasses import dataclass

from flowcheck.explaining.ends import Candidate
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction


@dataclass(frozen=True)
class Asked:
    """One side of a flow: may this subject talk with this peer?"""

    cluster: Cluster
    options: Options
    direction: Direction
    subject: Candidate
    peer: Candidate
    protocol: int
    port: int | None

    @property
    def destination(self) -> Candidate:
        return self.subject if self.direction is Direction.INGRESS else self.peer

    @property
    def peer_word(self) -> str:
        return "the source" if self.direction is Direction.INGRESS else "the destination"

    @property
    def subject_word(self) -> str:
        return "the destination" if self.direction is Direction.INGRESS else "the source"
