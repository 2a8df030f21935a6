"""Workload documents, and which workload each pod belongs to.

A pod's workload is the top of its owner chain: Pod to ReplicaSet to Deployment, Pod to Job to
CronJob, or whatever else controls it. A workload without running pods stands as one template pod.

Source: apps/v1 Deployment, ReplicaSet, StatefulSet, DaemonSet; batch/v1 Job, CronJob;
core/v1 ReplicationController.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from flowcheck.manifests.documents import Document
from flowcheck.manifests.names import DEFAULT_NAMESPACE
from flowcheck.manifests.objects import Meta
from flowcheck.manifests.pods import Template, controller_of, read_template
from flowcheck.model.cluster import Pod, Workload
from flowcheck.model.labels import Labels
from flowcheck.model.policy import SourceLocation
from flowcheck.model.timeline import END

TEMPLATE_HASH = "pod-template-hash"
"""The label a Deployment gives its pods; the name of their ReplicaSet ends with its value."""


class _JobSpec(msgspec.Struct):
    template: Template | None = None


class _JobTemplate(msgspec.Struct):
    spec: _JobSpec | None = None


class _Spec(msgspec.Struct, rename="camel"):
    template: Template | None = None
    job_template: _JobTemplate | None = None


class _Workload(msgspec.Struct):
    metadata: Meta | None = None
    spec: _Spec | None = None


@dataclass(frozen=True, slots=True)
class Controller:
    """A workload object: what it is, what controls it in turn, and the pod it would make (None: gone)."""

    workload: Workload
    owner: Workload | None
    template: Pod | None
    source: SourceLocation


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
    return Controller(
        workload,
        Workload(owner.kind, namespace, owner.name) if owner else None,
        read_template(document, template, workload, path),
        document.source,
    )


def settle(pods: Iterable[Pod], controllers: Iterable[Controller]) -> tuple[Pod, ...]:
    """Give every pod the top of its owner chain, and every workload without running pods its template."""
    known = {controller.workload: controller for controller in controllers}
    settled = [_settled(pod, known) for pod in pods]
    running = {pod.workload for pod in settled if not pod.finished and pod.lifetime.end == END}
    templates: dict[Workload, Pod] = {}
    for controller in known.values():
        top = top_of(controller.workload, {}, known)
        made = known[top].template if top in known else controller.template
        if top not in running and top not in templates and made is not None:
            templates[top] = replace(made, name=top.name, workload=top)
    return (*settled, *templates.values())


def _settled(pod: Pod, known: dict[Workload, Controller]) -> Pod:
    top = top_of(pod.workload, pod.labels, known)
    return pod if top == pod.workload else replace(pod, workload=top)


def top_of(workload: Workload, labels: Labels, known: dict[Workload, Controller]) -> Workload:
    """What controls a workload in the end.

    Only ReplicaSets and Jobs are looked behind: what controls a Deployment (an operator's object) is
    not what people call the workload. A ReplicaSet that is not in the snapshot belongs to the
    Deployment that its name and its pods' template hash tell of.
    """
    if workload.kind not in ("ReplicaSet", "Job"):
        return workload
    if workload in known:
        return known[workload].owner or workload
    suffix = "-" + labels.get(TEMPLATE_HASH, "")
    if workload.kind == "ReplicaSet" and len(suffix) > 1 and workload.name.endswith(suffix):
        return Workload("Deployment", workload.namespace, workload.name.removesuffix(suffix))
    return workload
