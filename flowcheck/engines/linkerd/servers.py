"""Servers: for which ports of which pods each is, and which counts where several are.

Of several at one port the oldest counts, of one second the first by name. A named port is whatever containers
of a pod call so, init containers too. What the tunnel between proxies carries is for a port inside
it, which no record from outside tells: at the tunnel's own port it is open what Servers say.

Source: Linkerd edge-26.8.3 policy-controller/k8s/index/src/inbound/index.rs Pod::reindex_servers,
select_ports; inbound/workload.rs pod_tcp_ports_by_name; charts/linkerd-control-plane/values.yaml
proxy.ports.inbound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Pod
from flowcheck.model.labels import Operator, Requirement
from flowcheck.model.mesh.linkerd import Server
from flowcheck.model.peers import (
    AllOf,
    AnyOf,
    Carries,
    DataPlane,
    Expression,
    InboundDefault,
    IsA,
    Kind,
    Labelled,
    Of,
    PodQuery,
    Where,
    labelled,
)
from flowcheck.model.policy import Policy
from flowcheck.model.ports import NamedPort, PortRange, Ports
from flowcheck.model.protocols import TCP

TUNNEL_PORT = 4143
"""Where proxies send each other what they carry."""


@dataclass(frozen=True, slots=True)
class ServerAt:
    """A version of a Server. ``rank``: which place it has among those of its namespace. ``ports`` of the pods
    it selects. ``unread``: nothing tells at which port, or whether another counts in its place. ``probed``:
    which of the ports probes ask, by what their pods have by default."""

    policy: Policy
    written: Server
    rank: int
    ports: tuple[Ports, ...]
    unread: bool
    probed: dict[InboundDefault, frozenset[int]]

    @property
    def subject(self) -> Where:
        return Where(AllOf((IsA(Kind.POD), *_selected(self.policy).parts)))


def servers_in(namespace: str, policies: Iterable[Policy], pods: Sequence[Pod]) -> Iterator[ServerAt]:
    """Those of a namespace that are for any port there."""
    own = [pod for pod in pods if pod.namespace == namespace and not pod.host_network]
    found = [
        (one, one.mesh)
        for one in policies
        if one.namespace == namespace and isinstance(one.mesh, Server) and isinstance(one.subject, PodQuery)
    ]
    found.sort(key=lambda one: (one[1].created, one[0].name))
    ranks = {key: rank for rank, key in enumerate(dict.fromkeys((m.created, p.name) for p, m in found))}
    for policy, written in found:
        selected = [pod for pod in own if _selects(policy, pod)]
        ports, unread = _ports(written, selected)
        if ports:
            rank = ranks[written.created, policy.name]
            unread = unread or any(_contest((policy, written), other, own) for other in found)
            yield ServerAt(policy, written, rank, ports, unread, _probed(written, selected))


def tunnelled(servers: Iterable[ServerAt]) -> Where:
    """The pods at which any Server is for a port that a tunnel may lead to."""
    return Where(AllOf((IsA(Kind.POD), AnyOf(tuple(_selected(one.policy) for one in servers)))))


def _selected(policy: Policy) -> AllOf[Expression]:
    query = policy.subject
    pods = labelled(Of.OWN, query.pods).parts if isinstance(query, PodQuery) else ()
    here = Requirement(NAMESPACE_NAME_LABEL, Operator.IN, frozenset({policy.namespace}))
    return AllOf((Labelled(Of.NAMESPACE, here), *pods, Carries(DataPlane.LINKERD)))


def _selects(policy: Policy, pod: Pod) -> bool:
    return isinstance(policy.subject, PodQuery) and policy.subject.pods.matches(pod.labels)


def _numbers(server: Server, pod: Pod) -> frozenset[int]:
    if isinstance(server.port, int):
        return frozenset({server.port})
    declared = (*pod.ports, *pod.init_ports)
    return frozenset(one.number for one in declared if one.name == server.port and one.protocol == TCP)


def _probed(server: Server, pods: list[Pod]) -> dict[InboundDefault, frozenset[int]]:
    found: dict[InboundDefault, frozenset[int]] = {}
    for pod in pods:
        default = pod.mesh.default if pod.mesh is not None and server.is_http else None
        if default is not None:
            found[default] = found.get(default, frozenset()) | (_numbers(server, pod) & default.probed)
    return found


def _ports(server: Server, pods: list[Pod]) -> tuple[tuple[Ports, ...], bool]:
    """The ports, and whether the pods give the name to so different ones that no rule says it."""
    if isinstance(server.port, int):
        return (PortRange(TCP, server.port, server.port),), False
    several = {_numbers(server, pod) for pod in pods}
    if len(several) < 2:
        return tuple(PortRange(TCP, one, one) for one in sorted(frozenset().union(*several))), False
    plain = all(_is_plain(server.port, pod) for pod in pods)
    return (NamedPort(server.port, TCP),), not plain


def _is_plain(name: str, pod: Pod) -> bool:
    """Whether every way to read named ports finds the same: one at most, of a container that lasts."""
    of_containers = [one for one in pod.ports if one.name == name]
    others = [one for one in pod.init_ports if one.name == name]
    return not others and len(of_containers) < 2 and not any(one.sidecar for one in of_containers)


def _contest(one: tuple[Policy, Server], other: tuple[Policy, Server], pods: list[Pod]) -> bool:
    """Whether nothing tells which of two is older, though both are for one port."""
    (policy, server), (beside, written) = one, other
    if policy.name == beside.name or (server.created and written.created):
        return False
    common = policy.lifetime.within(beside.lifetime)
    if common.start >= common.end:
        return False
    both = (pod for pod in pods if _selects(policy, pod) and _selects(beside, pod))
    return any(_numbers(server, pod) & _numbers(written, pod) for pod in both)
