"""A cluster and its history -> the rows of an inventory. Called by ``flowcheck inventory``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from flowcheck.history.assembly import NamespaceVersions
from flowcheck.history.inventory.rows import (
    FINISHED,
    INIT,
    RUNNING,
    SIDECAR,
    TEMPLATE,
    Row,
    RowPort,
    node_object,
)
from flowcheck.history.versions import Version
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.cluster import Cluster, ContainerPort, Node, Pod, Workload
from flowcheck.model.engines import CALICO_LAST
from flowcheck.model.left_out import OtherPolicy
from flowcheck.model.mesh.routes import DestinationRule, Route
from flowcheck.model.places import NOWHERE, SourceLocation
from flowcheck.model.policy import Policy
from flowcheck.model.protocols import PROTOCOL_NAMES
from flowcheck.model.ranges import SEEN, AddressSet
from flowcheck.model.service import EndpointSlice, Service
from flowcheck.model.tiers import Tier
from flowcheck.model.timeline import ALWAYS, BEGINNING, END, Lifetime
from flowcheck.objects.mesh import annotations_for

AGENT_CONFIG = "ConfigMap"
_HasText = Service | EndpointSlice | AddressSet | Policy | Route | DestinationRule
TextKey = tuple[str, str, str, SourceLocation]


def text_key(kind: str, namespace: str, name: str, source: SourceLocation) -> TextKey:
    """What tells the text of one object from another's: all of a compact List stand on one line."""
    return ("EndpointSlice" if kind == "Endpoints" else kind, namespace or DEFAULT_NAMESPACE, name, source)


@dataclass(frozen=True, slots=True)
class Recording:
    """A loaded cluster with what only an inventory needs: the versions of its namespaces, and the needed
    text of its Services, EndpointSlices and policies."""

    cluster: Cluster
    namespaces: NamespaceVersions
    texts: Mapping[TextKey, str]

    def text(self, kind: str, namespace: str, name: str, source: SourceLocation) -> str:
        return self.texts.get(text_key(kind, namespace, name, source), "")


def rows_of(recording: Recording) -> Iterator[Row]:
    """Every version of every object, each kind in the cluster's order."""
    cluster = recording.cluster
    for name, namespace in cluster.namespaces.items():
        for value, lifetime in recording.namespaces.get(name) or [Version(namespace, ALWAYS)]:
            source = _place(value.source)
            yield Row("namespace", "", name, lifetime=lifetime, labels=value.labels, source=source)
    for (space, name), labels in cluster.accounts.items():
        yield Row("serviceaccount", space, name, labels=labels, source="")
    yield from map(_node_row, cluster.nodes)
    yield from map(_pod_row, cluster.pods)
    for service in cluster.services:
        row = Row("service", service.namespace, service.name, ips=service.cluster_ips)
        yield _with_text(row, "Service", service, recording)
    seen: set[tuple[str, str, SourceLocation, Lifetime]] = set()
    for one in cluster.slices:
        name = one.name.partition("[")[0]
        key = (one.namespace, name, one.source, one.lifetime)
        if key not in seen:  # the subsets of one Endpoints object are one document
            seen.add(key)
            yield _with_text(Row("endpointslice", one.namespace, name), "EndpointSlice", one, recording)
    for told in cluster.ranges:
        if told.kind != SEEN:  # what pods tell is told by their rows
            text = recording.text(told.kind, "", told.name, told.source)
            yield Row("range", "", told.name, source=_place(told.source), document=text)
    for named in cluster.sets:
        yield _with_text(Row("set", named.namespace, named.name), named.kind, named, recording)
    for route in cluster.routes:
        yield _with_text(Row("route", route.namespace, route.name), route.kind, route, recording)
    for rule in cluster.destination_rules:
        yield _with_text(Row("route", rule.namespace, rule.name), "DestinationRule", rule, recording)
    yield from _agent_rows(recording)
    yield from map(_tier_row, cluster.tiers)
    for policy in cluster.policies:
        yield _with_text(Row("policy", policy.namespace, policy.name), policy.kind, policy, recording)
    yield from map(_other_row, cluster.other_policies)


def _with_text(row: Row, kind: str, one: _HasText, recording: Recording) -> Row:
    text = recording.text(kind, row.namespace, row.name, one.source)
    return replace(row, lifetime=one.lifetime, source=_place(one.source), document=text)


def _agent_rows(recording: Recording) -> Iterator[Row]:
    """How agents are set. Only the last of several versions counts, and they stand in their order."""
    for (kind, namespace, name, source), text in recording.texts.items():
        if kind == AGENT_CONFIG:
            yield Row("agent", namespace, name, source=_place(source), document=text)


def _other_row(policy: OtherPolicy) -> Row:
    """A policy in another language: what it is, so that it is named again, and nothing of what it says."""
    meta = {"name": policy.name, "namespace": policy.namespace}
    document = {"apiVersion": policy.api_version, "kind": policy.kind, "metadata": meta}
    place, text = _place(policy.source), json.dumps(document)
    return Row("policy", policy.namespace, policy.name, source=place, document=text)


def _tier_row(tier: Tier) -> Row:
    spec = {"order": tier.order, "defaultAction": "Deny" if tier.denies else "Pass"}
    if tier.order == CALICO_LAST:
        del spec["order"]
    document = {"apiVersion": "projectcalico.org/v3", "kind": "Tier", "metadata": {"name": tier.name}}
    return Row("tier", "", tier.name, source="", document=json.dumps({**document, "spec": spec}))


def _place(source: SourceLocation) -> str:
    return "" if source == NOWHERE else f"{source.file}:{source.line}"


def _node_row(node: Node) -> Row:
    row = Row("node", "", node.name, ips=node.addresses, lifetime=node.lifetime, labels=node.labels)
    more = node.pod_cidrs or node.device_addresses
    document = json.dumps(node_object(row, node.pod_cidrs, node.device_addresses)) if more else ""
    return replace(row, source=_place(node.source), document=document)


def _pod_row(pod: Pod) -> Row:
    own = Workload("Pod", pod.namespace, pod.name)
    return Row(
        "pod",
        pod.namespace,
        pod.name,
        pod.uid,
        pod.addresses,
        pod.lifetime,
        pod.labels,
        pod.namespace_labels,
        pod.node,
        pod.host_address,
        pod.host_network,
        TEMPLATE if pod.template else FINISHED if pod.finished else RUNNING,
        pod.ready,
        (
            *(_port(port, SIDECAR if port.sidecar else "") for port in pod.ports),
            *(_port(port, INIT) for port in pod.init_ports),
        ),
        "" if pod.workload == own else pod.workload.kind,
        "" if pod.workload == own else pod.workload.name,
        _place(pod.source),
        secondary_ips=pod.secondary_addresses,
        links=tuple(f"{link.kind}/{link.name}" for link in pod.owners),
        account=pod.account,
        mesh=annotations_for(pod.mesh) if pod.mesh else {},
    )


def _port(port: ContainerPort, container: str) -> RowPort:
    protocol = PROTOCOL_NAMES[port.protocol]
    return RowPort(port.name, protocol, port.number, port.host_port, port.host_ip, container)


def span(recording: Recording) -> tuple[int, int] | None:
    """The first and the last instant that any version's lifetime names; None where there is none."""
    cluster = recording.cluster
    times = [
        time
        for objects in (
            *(cluster.nodes, cluster.pods, cluster.services, cluster.slices, cluster.policies),
            *(cluster.routes, cluster.destination_rules),
        )
        for one in objects
        for time in (one.lifetime.start, one.lifetime.end, one.lifetime.sure_start, one.lifetime.sure_end)
        if BEGINNING < time < END
    ]
    return (min(times), max(times)) if times else None
