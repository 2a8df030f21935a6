"""Everything read from the documents, put together: duplicates, owners, what objects only name.

``loading`` adds what the readers give, one value after another, and asks for the finished parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flowcheck.manifests.nodes import complete_namespaces, complete_nodes, read_namespace, read_node
from flowcheck.manifests.pods import read_pod
from flowcheck.manifests.services import read_endpoints, read_service, read_slice
from flowcheck.manifests.workloads import Controller, read_controller, settle
from flowcheck.model.cluster import Cluster, EndpointSlice, Namespace, Node, Pod, Service
from flowcheck.model.policy import NOWHERE, Policy, SourceLocation

_APPS = ("apps", "extensions")
READERS: Mapping[tuple[str, str], Any] = {
    ("", "Namespace"): read_namespace,
    ("", "Node"): read_node,
    ("", "Pod"): read_pod,
    ("", "Service"): read_service,
    ("", "Endpoints"): read_endpoints,
    ("discovery.k8s.io", "EndpointSlice"): read_slice,
    ("", "ReplicationController"): read_controller,
    ("batch", "Job"): read_controller,
    ("batch", "CronJob"): read_controller,
    **{(group, "Deployment"): read_controller for group in _APPS},
    **{(group, "ReplicaSet"): read_controller for group in _APPS},
    **{(group, "DaemonSet"): read_controller for group in _APPS},
    ("apps", "StatefulSet"): read_controller,
}
"""By API group and kind. The readers of policies are those of ``dialects``."""

CLUSTER_SCOPED = frozenset({"Namespace", "Node"})


def unplaced(value: Any) -> Any:
    """A value without the places it was read from, to tell whether two say the same."""
    if isinstance(value, list):
        return [unplaced(item) for item in value]
    if isinstance(value, Policy):
        ingress = tuple(replace(rule, source=NOWHERE) for rule in value.ingress)
        egress = tuple(replace(rule, source=NOWHERE) for rule in value.egress)
        return replace(value, ingress=ingress, egress=egress, source=NOWHERE)
    if isinstance(value, Controller):
        return replace(value, template=unplaced(value.template), source=NOWHERE)
    return replace(value, source=NOWHERE)


@dataclass(slots=True)
class Snapshot:
    """The values read so far, in the order of the input, each under its kind, namespace and name."""

    objects: dict[tuple[str, str, str], tuple[Any, SourceLocation]] = field(default_factory=dict)

    def add(
        self, key: tuple[str, str, str], value: Any, source: SourceLocation
    ) -> tuple[Any, SourceLocation] | None:
        """Keep a value, unless there is one of its key: that one stays and is returned, with its place."""
        before = self.objects.get(key)
        if before is None:
            self.objects[key] = (value, source)
        return before

    def of(self, kind: type) -> list[Any]:
        return [value for value, _ in self.objects.values() if isinstance(value, kind)]

    def cluster(self) -> Cluster:
        """The cluster without what only the journal knows."""
        pods = settle(self.of(Pod), self.of(Controller))
        services, policies = tuple(self.of(Service)), tuple(self.of(Policy))
        slices = self._slices()
        named = [
            *(pod.namespace for pod in pods),
            *(service.namespace for service in services),
            *(one.namespace for one in slices),
            *(policy.namespace for policy in policies),
        ]
        return Cluster(
            complete_namespaces({one.name: one for one in self.of(Namespace)}, named),
            complete_nodes(self.of(Node), pods),
            pods,
            services,
            slices,
            policies,
        )

    def _slices(self) -> tuple[EndpointSlice, ...]:
        """EndpointSlices, and Endpoints of the Services that have none: a cluster keeps both for each."""
        modern = [
            one for key, (value, _) in self.objects.items() if key[0] == "EndpointSlice" for one in value
        ]
        covered = {(one.namespace, one.service) for one in modern}
        old = [one for key, (value, _) in self.objects.items() if key[0] == "Endpoints" for one in value]
        return (*modern, *(one for one in old if (one.namespace, one.service) not in covered))
