"""The times an object tells of itself: when it was made, last written, and when its containers ended.

Read only of dated documents, except for pods, whose readers take what they need from here.

Source: meta/v1 ObjectMeta, ManagedFieldsEntry; core/v1 ContainerStatus, PodCondition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from flowcheck.manifests.documents import Document
from flowcheck.manifests.text.yaml_scalars import Ambiguous
from flowcheck.model.instants import parse_instant

FINISHED = ("Succeeded", "Failed")


class _Moments(msgspec.Struct, rename="camel", gc=False):
    started_at: Any = None
    finished_at: Any = None


class ContainerState(msgspec.Struct, gc=False):
    """core/v1 ContainerState: at most one of the two is set."""

    running: _Moments | None = None
    terminated: _Moments | None = None


class ContainerStatus(msgspec.Struct, rename="camel", gc=False):
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class Condition(msgspec.Struct, rename="camel", gc=False):
    """Of a pod; of any other object only the time counts."""

    type: str = ""
    status: str = ""
    last_transition_time: Any = None


class _Managed(msgspec.Struct, gc=False):
    time: Any = None
    subresource: str | None = None


class _Meta(msgspec.Struct, rename="camel", gc=False):
    uid: str | None = None
    creation_timestamp: Any = None
    deletion_timestamp: Any = None
    deletion_grace_period_seconds: int | None = None
    finalizers: list[str] | None = None
    generation: int | None = None
    managed_fields: list[_Managed] | None = None


class _Spec(msgspec.Struct, rename="camel", gc=False):
    """``finalizers`` are a Namespace's; the others are a Pod's."""

    finalizers: list[str] | None = None
    node_name: str | None = None
    termination_grace_period_seconds: int | None = None


class _Status(msgspec.Struct, rename="camel", gc=False):
    phase: Any = None
    start_time: Any = None
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class _Object(msgspec.Struct, gc=False):
    metadata: _Meta | None = None
    spec: _Spec | None = None
    status: _Status | None = None


@dataclass(frozen=True, slots=True)
class OwnTimes:
    """``created`` is metadata.creationTimestamp. ``written``: when anything but the status was last written,
    as managedFields tell. ``rewritten``: the generation says that it was written again after it was created.
    ``newest`` is the newest time it carries, its deletion aside. ``ended``: when the last of its containers
    ended, if all have. ``deleted`` is metadata.deletionTimestamp; ``lingers``: its deletion waits, for the
    grace period or a finalizer; ``would_linger``: one that was asked for now would."""

    uid: str = ""
    created: int | None = None
    written: int | None = None
    rewritten: bool = False
    newest: int | None = None
    ended: int | None = None
    deleted: int | None = None
    lingers: bool = False
    would_linger: bool = False


NO_TIMES = OwnTimes()


def read_instant(document: Document, value: Any, path: str) -> int | None:
    """A time that a field holds; None where it is absent or Kubernetes' zero time, or after reporting it."""
    if value is None or value == "":
        return None
    text = value.text if isinstance(value, Ambiguous) else value
    try:
        if not isinstance(text, str):
            raise ValueError("is not a time: write 2026-03-10T10:05:00Z, in quotes")
        time = parse_instant(text)
    except ValueError as error:
        document.report(str(error), path=path)
        return None
    return time if time >= 0 else None


def read_own_times(document: Document) -> OwnTimes:
    """Everything an object tells of its own times.

    Raises:
        ManifestError: a field is of another type; the problem is reported too.
    """
    manifest = document.decode(_Object)
    meta, status = manifest.metadata or _Meta(), manifest.status or _Status()
    spec = manifest.spec or _Spec()
    created = read_instant(document, meta.creation_timestamp, "metadata.creationTimestamp")
    managed = [
        (entry.subresource, read_instant(document, entry.time, "metadata.managedFields"))
        for entry in meta.managed_fields or ()
    ]
    conditions = [
        read_instant(document, one.last_transition_time, "status.conditions")
        for one in status.conditions or ()
    ]
    started = read_instant(document, status.start_time, "status.startTime")
    containers = (*(status.init_container_statuses or ()), *(status.container_statuses or ()))
    held = bool(meta.finalizers or spec.finalizers)
    return OwnTimes(
        uid=meta.uid or "",
        created=created,
        written=newest(time for part, time in managed if part != "status"),
        rewritten=(meta.generation or 0) > 1,
        newest=newest(
            (
                created,
                started,
                *conditions,
                *(time for _, time in managed),
                *container_times(document, containers),
            )
        ),
        ended=last_end(document, status.container_statuses or ()),
        deleted=read_instant(document, meta.deletion_timestamp, "metadata.deletionTimestamp"),
        lingers=bool(meta.deletion_timestamp and (meta.deletion_grace_period_seconds or held)),
        would_linger=held or (document.kind == "Pod" and _waits(spec, status)),
    )


def _waits(spec: _Spec, status: _Status) -> bool:
    """Whether a pod that is deleted has a grace period: one that runs on a node. Source:
    CheckGracefulDelete."""
    grace = spec.termination_grace_period_seconds
    return bool(spec.node_name) and status.phase not in FINISHED and grace != 0


def newest(times: Iterable[int | None]) -> int | None:
    return max((time for time in times if time is not None), default=None)


def container_times(document: Document, statuses: Iterable[ContainerStatus]) -> Iterator[int | None]:
    """When containers started and ended, now and the time before."""
    for status in statuses:
        for state in (status.state, status.last_state):
            for moments in (state.running, state.terminated) if state else ():
                if moments is not None:
                    yield read_instant(document, moments.started_at, "status.containerStatuses")
                    yield read_instant(document, moments.finished_at, "status.containerStatuses")


def first_start(document: Document, statuses: Iterable[ContainerStatus]) -> int | None:
    """When the first container started."""
    first = None
    for status in statuses:
        for state in (status.state, status.last_state):
            moments = (state.running or state.terminated) if state else None
            if moments is not None:
                time = read_instant(document, moments.started_at, "status.containerStatuses")
                if time is not None and (first is None or time < first):
                    first = time
    return first


def last_end(
    document: Document, statuses: Iterable[ContainerStatus], *, all_of_them: bool = True
) -> int | None:
    """When the last container ended; None if one has not, unless those that have are enough."""
    ended = [status.state.terminated if status.state else None for status in statuses]
    if all_of_them and None in ended:
        return None
    return newest(read_instant(document, one.finished_at, "status.containerStatuses") for one in ended if one)
