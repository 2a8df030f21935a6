"""Small clusters for tests: ``make_*`` functions that give a whole object, tweaked by the arguments given.

Everything has a sensible rest: a pod stands in namespace ``x`` and belongs to itself, a policy is a
NetworkPolicy in ``x`` that selects every pod there, a flow is TCP to port 80. Text goes in where the
model wants values: ``labels="app=a"``, ``allow(ports="80")``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from flowcheck.model.cluster import (
    NAMESPACE_NAME_LABEL,
    Cluster,
    ContainerPort,
    Namespace,
    Node,
    Pod,
    Workload,
)
from flowcheck.model.labels import Operator, Requirement, Selector
from flowcheck.model.peers import AllOf, AnyOf, Not, Simple
from flowcheck.model.policy import (
    Action,
    AddressBlock,
    Direction,
    NamedPort,
    Peer,
    PodQuery,
    Policy,
    PortRange,
    Ports,
    Rule,
    Tier,
)
from flowcheck.model.protocols import PROTOCOL_NAMES, TCP
from flowcheck.model.service import Backend, EndpointSlice, Service, ServicePort
from flowcheck.model.timeline import BEGINNING, END, Lifetime
from flowcheck.reference import Tuple5

INGRESS, EGRESS = Direction.INGRESS, Direction.EGRESS
PROTOCOLS = {name: number for number, name in PROTOCOL_NAMES.items()}

Timed = TypeVar("Timed", Node, Pod, Service, EndpointSlice, Policy)


def labels_of(text: str) -> dict[str, str]:
    """``"app=a,tier="`` as a label map; a bare ``key=`` is the empty value."""
    return dict(item.split("=", 1) for item in text.split(",") if item)


def select(text: str = "") -> Selector:
    """``"app=a"`` as a matchLabels selector; the empty text selects everything."""
    return Selector.from_labels(labels_of(text))


def require(key: str, operator: str, *values: str) -> Selector:
    """A selector of one matchExpressions entry."""
    return Selector((Requirement(key, Operator(operator), frozenset(values)),))


def make_namespace(name: str = "x", labels: str = "") -> Namespace:
    return Namespace(name, {**labels_of(labels), NAMESPACE_NAME_LABEL: name})


def make_node(name: str = "n1", *addresses: str, labels: str = "", pod_cidrs: Iterable[str] = ()) -> Node:
    return Node(name, labels_of(labels), addresses, tuple(pod_cidrs))


def make_ports(text: str) -> tuple[ContainerPort, ...]:
    """``"web=80 dns=53/UDP"`` as container ports."""
    ports = []
    for item in text.split():
        name, _, rest = item.partition("=")
        number, _, protocol = rest.partition("/")
        ports.append(ContainerPort(name, int(number), PROTOCOLS[protocol or "TCP"]))
    return tuple(ports)


def make_pod(name: str, *addresses: str, labels: str = "", ports: str = "", **tweaks: Any) -> Pod:
    """A pod; ``name`` may be ``ns/name``. ``workload="Deployment/web"`` gives it an owner."""
    namespace, _, short = name.rpartition("/")
    namespace = namespace or "x"
    kind, _, owner = tweaks.pop("workload", f"Pod/{short}").partition("/")
    pod = Pod(namespace, short, Workload(kind, namespace, owner), labels_of(labels), addresses)
    return replace(pod, ports=make_ports(ports), **tweaks)


def make_template(name: str, *, kind: str = "Deployment", **tweaks: Any) -> Pod:
    """The one endpoint that stands for a workload without pods."""
    return make_pod(name, workload=f"{kind}/{name.rpartition('/')[2]}", template=True, **tweaks)


def make_service(name: str, *addresses: str, **tweaks: Any) -> Service:
    namespace, _, short = name.rpartition("/")
    return Service(namespace or "x", short, cluster_ips=addresses, **tweaks)


def make_service_ports(text: str) -> tuple[ServicePort, ...]:
    """``"http=80:8080 dns=53:dns/UDP 443:443@30443"`` as a Service's ports: ``name=port:target@nodePort``."""
    ports = []
    for item in text.split():
        name, _, rest = item.rpartition("=")
        rest, _, protocol = rest.partition("/")
        rest, _, node_port = rest.partition("@")
        port, _, target = rest.partition(":")
        number = int(target) if target.isdigit() else target
        ports.append(ServicePort(name, PROTOCOLS[protocol or "TCP"], int(port), number, int(node_port or 0)))
    return tuple(ports)


def make_slice(service: str, *backends: Backend | str, ports: str = "", **tweaks: Any) -> EndpointSlice:
    """A slice of a Service ``ns/name``; a backend may be just its address. Ports are ``name=number``."""
    namespace, _, short = service.rpartition("/")
    listed = tuple(Backend(backend) if isinstance(backend, str) else backend for backend in backends)
    return EndpointSlice(namespace or "x", short, make_service_ports(ports), listed, **tweaks)


def between(thing: Timed, start: int = BEGINNING, end: int = END) -> Timed:
    """The same, there from ``start`` until just before ``end`` and known to the microsecond."""
    return replace(thing, lifetime=Lifetime.exact(start, end))


def roughly(thing: Timed, start: int, sure_start: int, sure_end: int, end: int) -> Timed:
    """The same, surely there from ``sure_start`` to ``sure_end`` and maybe from ``start`` to ``end``."""
    return replace(thing, lifetime=Lifetime(start, end, sure_start, sure_end))


def in_namespace(namespace: str = "x", pods: str = "") -> PodQuery:
    return PodQuery(namespace=namespace, pods=select(pods))


def in_namespaces(namespaces: str = "", pods: str = "") -> PodQuery:
    return PodQuery(namespaces=select(namespaces), pods=select(pods))


def block(cidr: str, *excepts: str, pods: bool | None = None) -> AddressBlock:
    return AddressBlock(cidr, excepts, pods)


def make_rule_ports(text: str) -> tuple[Ports, ...]:
    """``"80 8000-8080/UDP web dns/UDP any/SCTP"`` as a rule's ports; ``name/*`` is a name of any protocol."""
    ports: list[Ports] = []
    for item in text.split():
        what, _, protocol = item.partition("/")
        number = PROTOCOLS[protocol or "TCP"] if protocol != "*" else None
        if what == "any":
            ports.append(PortRange(number or TCP))
        elif what[0].isdigit():
            first, _, last = what.partition("-")
            ports.append(PortRange(number or TCP, int(first), int(last or first)))
        else:
            ports.append(NamedPort(what, number))
    return tuple(ports)


def make_rule(
    action: Action, peers: Peer | Iterable[Peer] | None, ports: str | None, label: str = ""
) -> Rule:
    """A rule; a single peer need not be in a tuple; without a label the policy gives it one by its place."""
    listed = (peers,) if isinstance(peers, Simple | AllOf | AnyOf | Not) else peers
    return Rule(
        label,
        action,
        None if listed is None else tuple(listed),
        None if ports is None else make_rule_ports(ports),
    )


def allow(peers: Peer | Iterable[Peer] | None = None, ports: str | None = None, label: str = "") -> Rule:
    return make_rule(Action.ALLOW, peers, ports, label)


def deny(peers: Peer | Iterable[Peer] | None = None, ports: str | None = None, label: str = "") -> Rule:
    return make_rule(Action.DENY, peers, ports, label)


def passing(peers: Peer | Iterable[Peer] | None = None, ports: str | None = None, label: str = "") -> Rule:
    return make_rule(Action.PASS, peers, ports, label)


def numbered(direction: Direction, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(replace(r, label=r.label or f"{direction}[{place}]") for place, r in enumerate(rules))


def make_policy(
    name: str = "p",
    *,
    subject: PodQuery | str = "",
    ingress: Iterable[Rule] | None = None,
    egress: Iterable[Rule] | None = None,
) -> Policy:
    """A NetworkPolicy; ``name`` may be ``ns/name``. It isolates the directions given, ``()`` included."""
    namespace, _, short = name.rpartition("/")
    namespace = namespace or "x"
    given = ((INGRESS, ingress), (EGRESS, egress))
    return Policy(
        "NetworkPolicy",
        namespace,
        short,
        Tier.NETWORK_POLICY,
        in_namespace(namespace, subject) if isinstance(subject, str) else subject,
        isolates=frozenset(direction for direction, rules in given if rules is not None),
        ingress=numbered(INGRESS, ingress or ()),
        egress=numbered(EGRESS, egress or ()),
    )


def make_admin(
    name: str = "admin",
    *,
    tier: Tier = Tier.ADMIN,
    priority: int = 0,
    subject: PodQuery | None = None,
    ingress: Iterable[Rule] = (),
    egress: Iterable[Rule] = (),
) -> Policy:
    """A ClusterNetworkPolicy; without a subject it is for every pod."""
    return Policy(
        "ClusterNetworkPolicy",
        "",
        name,
        tier,
        subject if subject is not None else in_namespaces(),
        priority,
        ingress=numbered(INGRESS, ingress),
        egress=numbered(EGRESS, egress),
    )


def make_baseline(name: str = "base", **tweaks: Any) -> Policy:
    return make_admin(name, tier=Tier.BASELINE, **tweaks)


def make_cluster(*objects: Namespace | Node | Pod | Service | EndpointSlice | Policy) -> Cluster:
    """A cluster of these objects, in this order; namespaces only named get their name label."""

    def of(kind: type) -> tuple[Any, ...]:
        return tuple(item for item in objects if isinstance(item, kind))

    namespaces = {item.namespace: make_namespace(item.namespace) for item in (*of(Pod), *of(Service))}
    namespaces |= {item.name: item for item in of(Namespace)}
    return Cluster(namespaces, of(Node), of(Pod), of(Service), of(EndpointSlice), of(Policy))


def make_flow(
    src: str | None, dst: str | None, port: int | None = 80, protocol: int = TCP, **tweaks: Any
) -> Tuple5:
    """A flow; an end is an address, or ``ns/pod`` for a pod by its name."""
    names: dict[str, Any] = {}
    ends: dict[str, str | None] = {}
    for which, end in (("src", src), ("dst", dst)):
        ends[which] = None if end is None or "/" in end else end
        if end is not None and "/" in end:
            names[f"{which}_namespace"], names[f"{which}_pod"] = end.split("/", 1)
    return Tuple5(ends["src"], ends["dst"], protocol, port, **{**names, **tweaks})
