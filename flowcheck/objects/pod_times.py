"""What a pod tells of its own lifetime: from when on it owned its addresses, and until when.

Source: core/v1 PodStatus startTime, conditions (PodReadyToStartContainers), containerStatuses; KEP-3085.
"""

from __future__ import annotations

from typing import Any

import msgspec

from flowcheck.manifests.documents import Document
from flowcheck.model.timeline import ALWAYS, BEGINNING, END, Lifetime
from flowcheck.objects.times import FINISHED, Condition, ContainerStatus, first_start, last_end, read_instant

_NETWORKED = "PodReadyToStartContainers"
"""The condition that says that the pod's sandbox has its network, and so its addresses."""


class TimedStatus(msgspec.Struct, rename="camel", gc=False):
    """The part of core/v1 PodStatus that has times."""

    phase: str | None = None
    start_time: Any = None
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


def own_lifetime(
    document: Document, created: Any, status: TimedStatus, *, seen: int | None, addressed: bool
) -> Lifetime:
    """From status.startTime (else metadata.creationTimestamp) until its containers ended, where all have.

    It surely owned its addresses once its sandbox had a network, else once a container had started, else
    once it was ``seen`` with them. Without any time it always was. ``end`` is END
    also for a finished pod of which no container tells when it ended.
    """
    start = read_instant(document, status.start_time, "status.startTime")
    if start is None:
        start = read_instant(document, created, "metadata.creationTimestamp")
    containers = status.container_statuses or []
    if status.init_container_statuses:
        containers = [*status.init_container_statuses, *containers]
    sure = _networked(document, status)
    if sure is None:
        sure = first_start(document, containers)
    if sure is None and seen is not None:
        sure = seen if addressed else END
    end = last_end(document, containers, all_of_them=False) if status.phase in FINISHED else None
    if start is None and sure is None and end is None:
        return ALWAYS
    start = BEGINNING if start is None else start
    sure = start if sure is None else max(start, sure)
    end = END if end is None or end <= start else end
    return Lifetime(start, end, sure, end)


def _networked(document: Document, status: TimedStatus) -> int | None:
    for condition in status.conditions or ():
        if condition.type == _NETWORKED and condition.status == "True":
            return read_instant(document, condition.last_transition_time, "status.conditions")
    return None
