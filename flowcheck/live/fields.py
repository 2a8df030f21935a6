"""What is kept of each object: the fields that its reader takes, and nothing else.

A path goes through lists as through their elements (``spec.ports.port``); where it ends, all is kept that is
there. Metadata are those of META; of annotations those that ANNOTATIONS names. Policies and routes are read
field by field, and one that is not known is refused, so all of their ``spec`` is kept, but for WITHOUT. No
Secrets, no environment but two variables of network plugins' DaemonSets, no arguments but the few that say
how traffic goes: ``pruning`` has these. Held against the readers by a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flowcheck.dialects.istio.authorization import DRY_RUN
from flowcheck.kinds import Kind, Role
from flowcheck.manifests.stored import STORED_METADATA
from flowcheck.objects.annotations import NETWORK_STATUS
from flowcheck.objects.devices import ANNOTATIONS as OF_DEVICES
from flowcheck.objects.mesh.istio import OF_PODS as OF_ISTIO
from flowcheck.objects.mesh.linkerd import OF_PODS as OF_LINKERD


def _below(path: str, *names: str) -> tuple[str, ...]:
    """Fields below a path, each name one or several with spaces between."""
    return tuple(f"{path}.{name}" for several in names for name in several.split())


META = (
    *("name", "namespace", "uid", "labels", "creationTimestamp", "deletionTimestamp", "generation"),
    *("deletionGracePeriodSeconds", "finalizers"),
    *_below("ownerReferences", "kind name controller"),
    *_below("managedFields", "time subresource"),
)
_PORTS = "name protocol port targetPort nodePort appProtocol"
_PROBES = tuple(f"{probe}.httpGet.port" for probe in ("livenessProbe", "readinessProbe", "startupProbe"))
_CONTAINER = (
    "name restartPolicy args",
    *_below("ports", "name containerPort protocol hostPort hostIP"),
    *_PROBES,
)


def _pod_spec(path: str) -> tuple[str, ...]:
    return (
        *_below(path, "nodeName hostNetwork serviceAccountName serviceAccount"),
        *(
            field
            for name in ("containers", "initContainers")
            for field in _below(f"{path}.{name}", *_CONTAINER)
        ),
    )


def _template(path: str) -> tuple[str, ...]:
    return (*_below(f"{path}.metadata", "labels annotations"), *_pod_spec(f"{path}.spec"))


def _states(path: str) -> tuple[str, ...]:
    moments = ("running.startedAt", "terminated.startedAt", "terminated.finishedAt", "running.finishedAt")
    return tuple(f"{path}.{state}.{one}" for state in ("state", "lastState") for one in moments)


_WORKLOAD = ("spec.replicas", "spec.selector", *_template("spec.template"))
_RANGE = ("spec.cidr",)
_SET = ("spec.nets",)
_ADDRESS = ("ip", "nodeName", *_below("targetRef", "kind name"))

OBJECTS: Mapping[str, tuple[str, ...]] = {
    "Namespace": ("spec.finalizers",),
    "Node": ("spec.podCIDR", "spec.podCIDRs", *_below("status.addresses", "type address")),
    "Pod": (
        *_pod_spec("spec"),
        "spec.terminationGracePeriodSeconds",
        *_below("status", "phase startTime podIP podIPs.ip hostIP"),
        *_below("status.conditions", "type status lastTransitionTime"),
        *_states("status.containerStatuses"),
        *_states("status.initContainerStatuses"),
    ),
    "Service": (
        *_below("spec.ports", _PORTS),
        *_below("spec", "type selector clusterIP clusterIPs externalIPs externalName"),
        *_below("spec", "internalTrafficPolicy externalTrafficPolicy trafficDistribution"),
        *_below("spec", "publishNotReadyAddresses sessionAffinity"),
        "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
        *_below("status.loadBalancer.ingress", "ip ipMode"),
    ),
    "EndpointSlice": (
        "addressType",
        *_below("ports", _PORTS),
        *_below("endpoints", "addresses nodeName zone targetRef.kind targetRef.name"),
        *_below("endpoints.conditions", "ready serving terminating"),
        *_below("endpoints.hints", "forZones.name forNodes.name"),
    ),
    "Endpoints": (
        *_below("subsets.ports", _PORTS),
        *_below("subsets.addresses", *_ADDRESS),
        *_below("subsets.notReadyAddresses", *_ADDRESS),
    ),
    "ServiceAccount": (),
    "CiliumNode": _below("spec.addresses", "type ip"),
    "ReplicationController": _WORKLOAD,
    "Deployment": _WORKLOAD,
    "ReplicaSet": _WORKLOAD,
    "DaemonSet": (
        *_WORKLOAD,
        *_below("spec.template.spec.containers", "image command"),
        *_below("spec.template.spec.containers.env", "name value"),
    ),
    "StatefulSet": _WORKLOAD,
    "Job": _WORKLOAD,
    "CronJob": ("spec.selector", *_template("spec.jobTemplate.spec.template")),
    "DeploymentConfig": _WORKLOAD,
    "IPPool": ("spec.cidr", "spec.natOutgoing"),
    "BlockAffinity": _RANGE,
    "IPAMBlock": _RANGE,
    "ClusterCIDR": ("spec.ipv4", "spec.ipv6"),
    "CiliumPodIPPool": ("spec.ipv4.cidrs", "spec.ipv6.cidrs"),
    "Network": ("spec.clusterNetwork.cidr", "status.clusterNetwork.cidr"),
    "NetworkSet": _SET,
    "GlobalNetworkSet": _SET,
    "HostEndpoint": (
        *_below("spec", "node interfaceName expectedIPs profiles"),
        *_below("spec.ports", "name protocol port"),
    ),
    "Tier": ("spec.order", "spec.defaultAction"),
    "CiliumCIDRGroup": ("spec.externalCIDRs",),
    "ConfigMap": ("data",),
}
"""Of each kind that is no policy and no route."""
READ_WHOLE = ("spec", "specs")
"""Of policies and routes."""
WITHOUT: Mapping[str, tuple[str, ...]] = {
    "VirtualService": (*_below("spec.http", "headers fault corsPolicy directResponse.body route.headers"),),
    "HTTPRoute": (
        *_below("spec.rules.filters", "requestHeaderModifier responseHeaderModifier"),
        *_below("spec.rules.backendRefs.filters", "requestHeaderModifier responseHeaderModifier"),
    ),
    "GRPCRoute": (
        *_below("spec.rules.filters", "requestHeaderModifier responseHeaderModifier"),
        *_below("spec.rules.backendRefs.filters", "requestHeaderModifier responseHeaderModifier"),
    ),
}
"""What no reader looks into, and may hold what is nobody's business."""

ANNOTATIONS = frozenset((DRY_RUN, STORED_METADATA, NETWORK_STATUS, *OF_DEVICES, *OF_ISTIO, *OF_LINKERD))
"""Of any object, or of the template of one."""
CONFIGURED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "cilium-config": dict.fromkeys(
        (
            *("enable-policy", "policy-cidr-match-mode", "allow-localhost", "enable-host-firewall"),
            *("enable-node-selector-labels", "node-labels", "labels", "enable-k8s-networkpolicy"),
            *("enable-cilium-network-policy", "enable-cilium-clusterwide-network-policy"),
            *("enable-k8s-cluster-network-policy", "cluster-name", "enable-ipv4", "enable-ipv6"),
            "policy-audit-mode",
        ),
        (),
    ),
    "istio": {"mesh": ("rootNamespace", "trustDomain", "trustDomainAliases")},
    "linkerd-config": {
        "values": (
            *("identityTrustDomain", "clusterDomain", "clusterNetworks", "proxy.defaultInboundPolicy"),
            *_below("proxyInit", "ignoreInboundPorts ignoreOutboundPorts"),
        )
    },
}
"""Of a ConfigMap's data, by its name: each key, and of one that holds YAML its fields."""


class Tree(dict[str, "Tree"]):
    """Fields by their names, with the fields below them; empty: all that is there."""


def tree_of(paths: Iterable[str]) -> Tree:
    top = Tree()
    for path in paths:
        below = top
        for name in path.split("."):
            below = below.setdefault(name, Tree())
    return top


def fields_of(kind: Kind) -> tuple[str, ...]:
    """The paths that are kept of a kind, metadata aside."""
    if kind.role in (Role.POLICY, Role.ROUTE):
        return READ_WHOLE
    return OBJECTS[kind.kind]
