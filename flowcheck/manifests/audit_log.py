"""One entry of a Kubernetes audit log -> what it says happened to which object, and the object itself.

Only finished writes count: stage ResponseComplete, verb create, update, patch, delete or deletecollection,
answered with 2xx. Reads, other stages and kinds that are not read are passed over. Of policies in languages
that are not read it is only told which there are.

Source: audit.k8s.io/v1 Event, Level; the deletion of pods: apiserver registry/core/pod strategy.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from flowcheck.manifests.json_items import decode_json
from flowcheck.manifests.languages import kind_of_resource
from flowcheck.manifests.sightings import What
from flowcheck.manifests.times import instant

GROUP = "audit.k8s.io"

KINDS = {
    ("", "namespaces"): "Namespace",
    ("", "nodes"): "Node",
    ("", "pods"): "Pod",
    ("", "services"): "Service",
    ("", "endpoints"): "Endpoints",
    ("", "replicationcontrollers"): "ReplicationController",
    ("discovery.k8s.io", "endpointslices"): "EndpointSlice",
    ("apps", "deployments"): "Deployment",
    ("apps", "replicasets"): "ReplicaSet",
    ("apps", "daemonsets"): "DaemonSet",
    ("apps", "statefulsets"): "StatefulSet",
    ("batch", "jobs"): "Job",
    ("batch", "cronjobs"): "CronJob",
    ("networking.k8s.io", "networkpolicies"): "NetworkPolicy",
    ("policy.networking.k8s.io", "adminnetworkpolicies"): "AdminNetworkPolicy",
    ("policy.networking.k8s.io", "baselineadminnetworkpolicies"): "BaselineAdminNetworkPolicy",
    ("policy.networking.k8s.io", "clusternetworkpolicies"): "ClusterNetworkPolicy",
}
"""The resources that are read, by API group and the name that paths have for them."""

_VERBS = {
    "create": What.CREATED,
    "update": What.CHANGED,
    "patch": What.CHANGED,
    "delete": What.GONE,
    "deletecollection": What.GONE,
}


class _Reference(msgspec.Struct, rename="camel"):
    resource: str = ""
    namespace: str = ""
    name: str = ""
    api_group: str = ""
    api_version: str = ""
    subresource: str = ""


class _Response(msgspec.Struct):
    code: int = 0


class _Event(msgspec.Struct, rename="camel"):
    level: str = ""
    stage: str = ""
    verb: str = ""
    stage_timestamp: Any = None
    object_ref: _Reference | None = None
    response_status: _Response | None = None
    response_object: msgspec.Raw = msgspec.Raw(b"null")


class _Answer(msgspec.Struct, rename="camel"):
    kind: Any = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened at ``time`` to the object named by the rest. ``body`` is the object as it was answered,
    or a List of them; None where the answer was only that it is gone."""

    what: What
    time: int
    api_version: str
    kind: str
    namespace: str
    name: str
    body: msgspec.Raw | None


class NoObjectError(Exception):
    """A write to an object that is read, of which the log does not keep what was written."""


def read_entry(text: msgspec.Raw) -> Entry | None:
    """The entry, if it tells of a finished write to a kind that is read.

    Raises:
        NoObjectError: it does, but without the object, or without the names of those that were deleted.
        msgspec.ValidationError, ValueError: it is not an audit event, or has no time.
    """
    event: _Event = decode_json(text, _Event)
    where = event.object_ref
    if event.stage != "ResponseComplete" or event.verb not in _VERBS or where is None:
        return None
    other = kind_of_resource(where.api_group, where.resource)
    kind = KINDS.get((where.api_group, where.resource), other)
    if not kind or not 200 <= (event.response_status or _Response()).code < 300:
        return None
    if not isinstance(event.stage_timestamp, str):
        raise ValueError("has no stageTimestamp")
    answered = _answered(event.response_object, kind)
    what = _VERBS[event.verb]
    if where.subresource:
        if answered != kind or other:
            return None
        what = What.STATUS_CHANGED if where.subresource == "status" else What.CHANGED
    known = not other and answered in (kind, f"{kind}List", "List")
    body = event.response_object if known else None
    if body is None and not other and (what is not What.GONE or event.verb == "deletecollection"):
        raise NoObjectError(kind)
    group = f"{where.api_group}/" if where.api_group else ""
    version = where.api_version or "v1"
    time = instant(event.stage_timestamp)
    if time < 0:
        raise ValueError("has a stageTimestamp before 1970")
    return Entry(what, time, group + version, kind, where.namespace, where.name, body)


def _answered(text: msgspec.Raw, expected: str) -> str:
    """The kind of the object in the answer, the expected one if it does not say; empty: there is none."""
    if bytes(memoryview(text)[:4]) == b"null":
        return ""
    kind = decode_json(text, _Answer).kind
    return kind if isinstance(kind, str) else expected
