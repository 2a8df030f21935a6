"""The cluster: the snapshot of namespaces, nodes, pods, services that an audit is made against.

Put together by ``history.assembly``, read by ``compile`` and ``reference``. Values only: every rule of what
traffic means lives in those two. Addresses are kept as the canonical text of :mod:`ipaddress`.
One file because a cluster is all of these together, and each is a list of fields.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from flowcheck.model.engines import CiliumSettings, EngineView
from flowcheck.model.labels import Labels, Selector
from flowcheck.model.left_out import OtherPolicy, Skipped
from flowcheck.model.mesh.linkerd import LinkerdSettings
from flowcheck.model.mesh.membership import Membership, MeshSettings
from flowcheck.model.mesh.routes import DestinationRule, Route
from flowcheck.model.places import NOWHERE, SourceLocation
from flowcheck.model.policy import Policy
from flowcheck.model.ranges import AddressSet, PodRanges, ranges_by_teller
from flowcheck.model.service import EndpointSlice, Service
from flowcheck.model.tiers import Tier
from flowcheck.model.timeline import ALWAYS, END, Lifetime

NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name"
"""The label the API server puts on every namespace (since Kubernetes 1.21)."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """``labels`` always hold :data:`NAMESPACE_NAME_LABEL`, whether or not the manifest does.

    ``described`` is False where other objects only name it: of its labels no other is known.
    """

    name: str
    labels: Labels = field(default_factory=dict)
    source: SourceLocation = NOWHERE
    described: bool = True


@dataclass(frozen=True, slots=True)
class Workload:
    """What owns a pod: the top of its owner chain, or the pod itself where nothing owns it."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A declared container port. ``protocol`` is the IANA number; ``name`` may be empty. ``host_port`` is the
    port of the pod's node that leads to it, 0 none; ``host_ip`` at which address of the node, empty: at any.
    ``sidecar``: it is a native sidecar's.
    """

    name: str
    number: int
    protocol: int
    host_port: int = 0
    host_ip: str = ""
    sidecar: bool = False


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod, or (``template``) the one endpoint that stands for a workload without pods.

    ``ports`` are those of containers and native sidecars (init containers with restartPolicy
    Always), in manifest order; one name may stand for several numbers. ``addresses`` are
    status.podIPs; they are the node's where ``host_network`` is set. ``finished`` pods
    (Succeeded, Failed) of which nobody knows when they ended no longer own their addresses and take no
    part in any verdict. A pod stands once for each version of its labels, its namespace's labels and its
    addresses; ``lifetime`` says when it was so. Versions of one pod share namespace, name and ``uid``.
    ``owners`` are the links of its chain of owners below ``workload``, the nearest first.
    ``secondary_addresses`` are those of further interfaces, beside the cluster's network: no policy is for
    what comes or goes there, and to others they are addresses like any outside.
    ``namespace_labels`` are its namespace's at that time; None: those of ``Cluster.namespaces``.
    ``ready`` is the Ready condition at that time. ``account`` is the name of its service account;
    ``init_ports`` are those of other init containers, which do not last. ``mesh``: how a service mesh carries
    its traffic, if one does.
    """

    namespace: str
    name: str
    workload: Workload
    labels: Labels = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    node: str = ""
    host_address: str = ""
    host_network: bool = False
    finished: bool = False
    template: bool = False
    ready: bool = True
    uid: str = ""
    source: SourceLocation = NOWHERE
    lifetime: Lifetime = ALWAYS
    namespace_labels: Labels | None = None
    secondary_addresses: tuple[str, ...] = ()
    owners: tuple[Workload, ...] = ()
    account: str = "default"
    init_ports: tuple[ContainerPort, ...] = ()
    mesh: Membership | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A node with its addresses (InternalIP and ExternalIP) and the ranges its pods get addresses from.

    ``described`` is False where only pods tell of it: none of its labels is known.
    ``device_addresses`` are those of its tunnel and bridge devices: what comes from there comes from it.
    ``likely_addresses`` are such as it has if its network is the usual one; whoever else is known to have one
    has it. The three have no address in common.
    """

    name: str
    labels: Labels = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    pod_cidrs: tuple[str, ...] = ()
    source: SourceLocation = NOWHERE
    lifetime: Lifetime = ALWAYS
    described: bool = True
    device_addresses: tuple[str, ...] = ()
    likely_addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Everything known about one cluster, over the time it is known for.

    ``namespaces`` holds every namespace that any object names, keyed by name, as it was last. Of all other
    objects that changed there is one value for each version. ``policies`` are in the order of the input.
    ``inputs`` maps each file read to the SHA-256 of its bytes. ``warnings`` are sentences for the reader;
    ``skipped`` are documents that took no part, ``other_policies`` among them. ``ranges`` are where pods get
    their addresses from, beside the nodes' own. ``services_unlisted``: it is a running cluster, and no input
    has all its Services, so that an address nobody has may be one's. ``sampled``: pods are known from
    snapshots only; between two of them, others may have come and gone. ``known_until``: the last snapshot,
    where nothing tells of policies after it: which there are is open then. ``accounts`` are the labels of
    service accounts, by namespace and name; of others they are not known. ``tiers`` are those of objects.
    ``signs`` are objects that tell which network plugin runs ("DaemonSet kube-system/cilium"). ``view``: who
    enforces the policies, which are as it does; None: they are as written.
    ``cilium``: how Cilium's agents are set, as they were last, ``mesh`` (Istio) and ``linkerd`` likewise;
    None: nothing tells. ``routes`` and ``destination_rules`` say how proxies divide what clients dial.
    ``selectors``: by which workloads know their pods, by ``ns/kind/name``.
    """

    namespaces: Mapping[str, Namespace] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()
    pods: tuple[Pod, ...] = ()
    services: tuple[Service, ...] = ()
    slices: tuple[EndpointSlice, ...] = ()
    policies: tuple[Policy, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    other_policies: tuple[OtherPolicy, ...] = ()
    warnings: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    ranges: tuple[PodRanges, ...] = ()
    services_unlisted: bool = False
    sampled: bool = False
    known_until: int = END
    sets: tuple[AddressSet, ...] = ()
    accounts: Mapping[tuple[str, str], Labels] = field(default_factory=dict)
    tiers: tuple[Tier, ...] = ()
    signs: tuple[str, ...] = ()
    view: EngineView | None = None
    cilium: CiliumSettings | None = None
    mesh: MeshSettings | None = None
    linkerd: LinkerdSettings | None = None
    routes: tuple[Route, ...] = ()
    destination_rules: tuple[DestinationRule, ...] = ()
    selectors: Mapping[str, Selector] = field(default_factory=dict)

    def pod_ranges(self, given: Sequence[str] = ()) -> dict[str, str]:
        """Every CIDR that pods get addresses from, with what tells so; ``given`` are a person's own."""
        return ranges_by_teller(given, [c for node in self.nodes for c in node.pod_cidrs], self.ranges)

    def slices_of(self, service: Service) -> list[EndpointSlice]:
        """All EndpointSlices of a Service, at any time."""
        own = (service.namespace, service.name)
        return [one for one in self.slices if (one.namespace, one.service) == own]

    def namespace_labels(self, pod: Pod) -> tuple[Labels, bool]:
        """The labels of a pod's namespace at its time, and whether those are all it has."""
        if pod.namespace_labels is not None:
            return pod.namespace_labels, True
        namespace = self.namespaces.get(pod.namespace)
        if namespace is None:
            return {NAMESPACE_NAME_LABEL: pod.namespace}, False
        return namespace.labels, namespace.described

    @property
    def lists_nodes(self) -> bool:
        """Whether all nodes are known by their addresses; if not, any address outside may be a node's."""
        known = all(node.described or node.addresses for node in self.nodes)
        return known and any(node.described for node in self.nodes)

    @property
    def refused(self) -> tuple[Skipped, ...]:
        """The documents that were left out for their problems: what is judged is not the whole cluster."""
        return tuple(skipped for skipped in self.skipped if skipped.is_refused)

    @property
    def policies_taken(self) -> tuple[Policy, ...]:
        """Without those that their engine refuses."""
        return tuple(policy for policy in self.policies if not policy.refused)

    def __repr__(self) -> str:
        """Counts only; what changed has several versions, and counts once."""
        pods = {(pod.namespace, pod.name, pod.uid, pod.template) for pod in self.pods}
        templates = sum(template for *_, template in pods)
        nodes = len({node.name for node in self.nodes})
        services, policies = len(set(map(str, self.services))), len(set(map(str, self.policies)))
        return (
            f"<Cluster namespaces={len(self.namespaces)} nodes={nodes} pods={len(pods) - templates} "
            f"workloads_without_pods={templates} services={services} policies={policies} "
            f"skipped={len(self.skipped)} warnings={len(self.warnings)}>"
        )

    @property
    def is_static(self) -> bool:
        """Whether nothing in it ever changes."""
        timed = (self.nodes, self.pods, self.services, self.slices, self.policies, self.sets)
        return all(one.lifetime == ALWAYS for objects in timed for one in objects)

    def at(self, time: int) -> Cluster:
        """The cluster at one instant: whatever may have been there then, as if it always had been. Of what
        changed at a time known only roughly, the later version; of pods with one address, those that surely
        were there have it."""
        return replace(
            self,
            nodes=_there(self.nodes, time, lambda node: node.name),
            pods=_with_addresses(self.pods, time),
            services=_there(self.services, time, lambda service: (service.namespace, service.name)),
            slices=_there(self.slices, time, lambda one: (one.namespace, one.service, one.name)),
            policies=_there(self.policies, time, lambda policy: policy.identity),
            sets=_there(self.sets, time, str),
            routes=_there(self.routes, time, str),
            destination_rules=_there(self.destination_rules, time, str),
            sampled=False,
            known_until=END,
        )

    def unchanged_for(self, duration: int) -> Cluster:
        """The same, its policies taken to stay for so many microseconds as the last snapshot shows them."""
        if self.known_until == END or not duration:
            return self
        until = self.known_until + duration
        policies = (
            replace(one, lifetime=replace(one.lifetime, sure_end=max(one.lifetime.sure_end, until)))
            if one.lifetime.end == END
            else one
            for one in self.policies
        )
        return replace(self, policies=tuple(policies), known_until=until)


_Timed = TypeVar("_Timed", Node, Pod, Service, EndpointSlice, Policy, AddressSet, Route, DestinationRule)


def _there(
    objects: Iterable[_Timed], time: int, identity: Callable[[_Timed], Hashable]
) -> tuple[_Timed, ...]:
    found: dict[Hashable, _Timed] = {}
    for one in sorted(objects, key=lambda one: one.lifetime.start):
        if one.lifetime.possible(time):
            found[identity(one)] = one
    return tuple(replace(one, lifetime=ALWAYS) for one in found.values())


def _with_addresses(pods: Sequence[Pod], time: int) -> tuple[Pod, ...]:
    """One that perhaps was there stays so, where its address was another's for sure."""
    sure = {_who(pod): pod.addresses for pod in pods if pod.lifetime.sure(time)}
    taken = {address for addresses in sure.values() for address in addresses}
    return tuple(
        pod
        if _who(pod) in sure or taken.isdisjoint(pod.addresses)
        else replace(pod, lifetime=ALWAYS.unsure())
        for pod in _there(pods, time, _who)
    )


def _who(pod: Pod) -> tuple[str, str, str]:
    return pod.namespace, pod.name, pod.uid
