"""Workload documents, and which workload each pod belongs to.

A pod's workload is the top of its owner chain (``owners.py``). A workload without running pods stands as
one template pod, but for a ReplicaSet or ReplicationController of no replicas, which is one of the past.

Source: apps/v1 Deployment, ReplicaSet, StatefulSet, DaemonSet; batch/v1 Job, CronJob;
core/v1 ReplicationController; apps.openshift.io/v1 DeploymentConfig.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any

import msgspec

from flowcheck.manifests.documents import Document
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.cluster import Pod, Workload
from flowcheck.model.labels import Operator, Requirement, Selector
from flowcheck.model.places import SourceLocation
from flowcheck.model.timeline import END
from flowcheck.objects.owners import MADE, chain_of, owner_by_name
from flowcheck.objects.pods import Template, controller_of, read_template
from flowcheck.objects.shared import ObjectMeta

_FIELDS = tuple(one.name for one in fields(Pod))
_WORKLOAD, _OWNERS = _FIELDS.index("workload"), _FIELDS.index("owners")
_values = attrgetter(*_FIELDS)


class _JobSpec(msgspec.Struct):
    template: Template | None = None


class _JobTemplate(msgspec.Struct):
    spec: _JobSpec | None = None


class _Spec(msgspec.Struct, rename="camel"):
    replicas: Any = None
    selector: Any = None
    template: Template | None = None
    job_template: _JobTemplate | None = None


class _Workload(msgspec.Struct):
    metadata: ObjectMeta | None = None
    spec: _Spec | None = None


@dataclass(frozen=True, slots=True)
class Controller:
    """A workload object: what it is, what controls it in turn, and the pod it would make (None: none).
    ``selector``: by which it knows its pods, where it tells and it can be read."""

    workload: Workload
    owner: Workload | None
    template: Pod | None
    source: SourceLocation
    selector: Selector | None = None


def read_controller(document: Document) -> Controller:
    """Any of the workload kinds; a CronJob's template is its Job's."""
    manifest = document.decode(_Workload)
    namespace = document.namespace or DEFAULT_NAMESPACE
    workload = Workload(document.kind, namespace, document.name)
    owner = controller_of(manifest.metadata)
    spec = manifest.spec or _Spec()
    template, path = spec.template, "spec.template"
    if document.kind == "CronJob":
        job = spec.job_template.spec if spec.job_template else None
        template, path = job.template if job else None, "spec.jobTemplate.spec.template"
    of_the_past = document.kind in MADE and spec.replicas == 0
    labels = (manifest.metadata and manifest.metadata.labels) or {}
    by_label = owner_by_name(workload, labels) if document.kind == "ReplicationController" else None
    return Controller(
        workload,
        Workload(owner.kind, namespace, owner.name) if owner else by_label,
        None if of_the_past else read_template(document, template, workload, path),
        document.source,
        _selector_of(spec.selector),
    )


def _selector_of(written: Any) -> Selector | None:
    """A LabelSelector, or the plain map of a ReplicationController. No verdict hangs on it: what cannot be
    read is as absent."""
    if not isinstance(written, Mapping):
        return None
    is_map = not {"matchLabels", "matchExpressions"} & written.keys()
    labels = written if is_map else written.get("matchLabels") or {}
    expressions = () if is_map else written.get("matchExpressions") or ()
    try:
        found = [Requirement(key, Operator.IN, frozenset((value,))) for key, value in labels.items()]
        found += [
            Requirement(one["key"], Operator(one["operator"]), frozenset(one.get("values") or ()))
            for one in expressions
        ]
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    texts = (text for one in found for text in (one.key, *one.values))
    return Selector(tuple(found)) if found and all(isinstance(text, str) for text in texts) else None


def selectors_of(controllers: Iterable[Controller]) -> dict[str, Selector]:
    """The selectors of workloads, by their names ``ns/kind/name``."""
    return {str(one.workload): one.selector for one in controllers if one.selector is not None}


def settle(pods: Iterable[Pod], controllers: Iterable[Controller]) -> tuple[Pod, ...]:
    """Give every pod its chain of owners, and every workload without running pods its template."""
    known = {controller.workload: controller for controller in controllers}
    owner_of = {workload: controller.owner for workload, controller in known.items()}
    settled = [_settled(pod, owner_of) for pod in pods]
    running = {pod.workload for pod in settled if not pod.finished and pod.lifetime.end == END}
    templates: dict[Workload, Pod] = {}
    for controller in known.values():
        *links, top = chain_of(controller.workload, {}, owner_of)
        if top in running or controller.template is None:
            continue
        made = known[top].template if top in known else controller.template
        if top not in templates and made is not None:
            templates[top] = replace(made, name=top.name, workload=top)
        if top in templates:
            owners = dict.fromkeys((*templates[top].owners, *links))
            templates[top] = replace(templates[top], owners=tuple(owners))
    return (*settled, *templates.values())


def _settled(pod: Pod, owner_of: Mapping[Workload, Workload | None]) -> Pod:
    *links, top = chain_of(pod.workload, pod.labels, owner_of)
    if not links:
        return pod
    values = list(_values(pod))  # in a fifth of the time that replace takes
    values[_WORKLOAD], values[_OWNERS] = top, (*pod.owners, *links)
    return Pod(*values)
