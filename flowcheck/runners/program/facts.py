"""What is known of a cluster that was audited before, without reading it again."""

from __future__ import annotations

import msgspec

from flowcheck.model.engines import EngineView
from flowcheck.results.records.summary import ClusterCounts


class Facts(msgspec.Struct, frozen=True):
    """What is asked of a cluster without reading it again. ``identity`` tells what is said by its program and
    plan from what others would say; ``counts`` is the cluster as it is judged, its policies as written;
    ``judged``: how many of the policies are asked; ``inputs`` as in Cluster. ``view``: who enforces them."""

    pods: int
    policies: int
    judged: int
    identity: str
    fingerprint: str
    counts: ClusterCounts
    inputs: dict[str, str]
    view: EngineView
