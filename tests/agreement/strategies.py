"""Random small worlds for Hypothesis: ``worlds()`` gives (cluster, options, flows).

Every object is built from its own short byte string, read as dice (``dice.py``). Values are few, so that
selectors, blocks and ports hit; flows are drawn towards pods' and nodes' addresses and the edges of blocks
and ports.
What no cluster can hold is not made: a NetworkPolicy has rules only in directions it isolates; a host
address is one of its node's where the node is known; a template has no address and a name of its own.
An end without address has a namespace and a name: the table refuses a row with neither.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from flowcheck.model.cluster import Cluster, ContainerPort, Node, Pod
from flowcheck.model.options import IpBlockMatchesPods, Options
from flowcheck.model.policy import AddressBlock
from flowcheck.model.protocols import SCTP, TCP, UDP, WITH_PORTS
from flowcheck.reference import Tuple5
from tests.agreement.dice import Dice, rolls
from tests.agreement.engines import CALICO, CILIUM, MIXED, address_set, engine_policy
from tests.agreement.objects import make_namespace, make_node, make_pod, make_service, make_slice, undescribed
from tests.agreement.policies import admin_policy, labels, network_policy

ELSEWHERE = (
    "192.0.2.1",
    "10.244.0.200",
    "10.244.7.7",
    "10.0.0.77",
    "0.0.0.0",
    "255.255.255.254",
    "2001:db8::1",
    "fd00:244::99",
    "::1",
    "::ffff:192.0.2.1",
)
OUTSIDE = ("192.0.2.200", "2001:db8::2")
FLOW_PORTS = (80, None, 53, 79, 81, 90, 91, 443, 442, 8080, 8081, 0, 1, 65535, 65534, 54, 30080, 30443)
FLOW_PROTOCOLS = (TCP, TCP, TCP, UDP, UDP, SCTP, 1, 58, 47)


def edges_of(block: AddressBlock) -> list[str]:
    """The first and last address of a block and of its exceptions, and the ones just outside."""
    found = []
    for cidr in (block.cidr, *block.excepts):
        network = ipaddress.ip_network(cidr)
        first, last = int(network.network_address), int(network.broadcast_address)
        make = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
        whole = (1 << network.max_prefixlen) - 1
        # An IPv6 address below 2**32 is nobody's; leave the IPv4-mapped range to ELSEWHERE.
        found += [str(make(n)) for n in (first, last, first - 1, last + 1) if 0 <= n <= whole]
    return found


def at_node(node: Node) -> tuple[str, ...]:
    return (*node.addresses, *node.device_addresses, *node.likely_addresses)


def pods_have(cluster: Cluster) -> list[str]:
    return [a for pod in cluster.pods for a in (*pod.addresses, *pod.secondary_addresses)]


def nodes_have(cluster: Cluster) -> list[str]:
    return [address for node in cluster.nodes for address in at_node(node)]


def services_have(cluster: Cluster) -> list[str]:
    return [a for service in cluster.services for a in (*service.cluster_ips, *service.external_ips)]


def interesting_addresses(cluster: Cluster) -> list[str]:
    owned, hosts, vips = pods_have(cluster), nodes_have(cluster), services_have(cluster)
    hosts += [pod.host_address for pod in cluster.pods if pod.host_address]
    edges = [
        address
        for policy in cluster.policies
        for rule in (*policy.ingress, *policy.egress)
        for peer in rule.peers or ()
        if isinstance(peer, AddressBlock)
        for address in edges_of(peer)
    ]
    mapped = [f"::ffff:{address}" for address in owned[:1] if ":" not in address]
    others = [*hosts, *ELSEWHERE, *vips, *mapped, *edges]
    # Most flows should have a pod at each end: pods count twice as often as all the others together.
    times = len(others) // len(owned) if owned else 0
    return [*owned * max(1, 2 * times), *others, *(vips + hosts) * 2]


def make_end(
    dice: Dice, cluster: Cluster, addresses: list[str]
) -> tuple[str | None, str | None, str | None, str | None]:
    """(address, namespace, pod, workload): an address mostly, else a pod's or workload's name."""
    choice = dice.below(16)
    if choice < 11 or not cluster.pods:
        return dice.far_one_of(addresses), None, None, None
    pod = dice.one_of(cluster.pods)
    if choice < 14:
        if pod.template:
            return None, pod.namespace, None, pod.workload.name
        beside = dice.one_of((None, None, None, dice.far_one_of(addresses)))
        return beside, pod.namespace, pod.name, None
    if choice == 14:
        return None, pod.namespace, None, workload_text(dice, pod)
    address = dice.one_of((None, None, dice.far_one_of(addresses)))
    name, workload = dice.one_of((("p99", None), (None, "w99"), ("p99", "w99"), ("p99", pod.workload.name)))
    return address, dice.one_of((pod.namespace, "nowhere")), name, workload


def workload_text(dice: Dice, pod: Pod) -> str:
    """What a record may call a pod's workload, or any link below it, or how its pods' names begin."""
    link = dice.one_of((pod.workload, pod.workload, *pod.owners))
    forms = ("{0}", "{1}/{0}", "{2}.apps/{0}", "{3}/{1}/{0}", "{0}-*", "{0}-6b687c8dcb-*")
    return dice.one_of(forms).format(link.name, link.kind, link.kind.lower(), link.namespace)


def make_flow(
    faces: bytes,
    cluster: Cluster,
    addresses: list[str],
    doors: Sequence[Door],
    initiators: Sequence[int | None],
) -> Tuple5:
    dice = Dice(faces)
    protocol = dice.one_of(FLOW_PROTOCOLS)
    port = dice.one_of(FLOW_PORTS)
    if protocol not in (TCP, UDP, SCTP) and not dice.chance(30):
        port = None
    initiator = dice.one_of(initiators)
    src = make_end(dice, cluster, addresses)
    dst = src if dice.chance(5) else make_end(dice, cluster, addresses)
    if doors and dice.chance(35):
        address, protocol, port = dice.far_one_of(doors)
        dst = (address, None, None, None)
        if dice.chance(30):
            src = (dice.one_of(OUTSIDE), None, None, None)
    return Tuple5(
        src[0],
        dst[0],
        protocol,
        port,
        *(src[1], src[2], src[3]),
        *(dst[1], dst[2], dst[3]),
        initiator=initiator,
    )


Door = tuple[str, int, int]
"""An address with a protocol and a port."""


def doors_of(cluster: Cluster) -> list[Door]:
    """What leads elsewhere: a Service's addresses at its ports, a node's at node ports and host ports."""
    found = [
        (address, port.protocol, port.port)
        for service in cluster.services
        for address in (*service.cluster_ips, *service.external_ips)
        for port in service.ports
    ]
    of_nodes = [(node.name, address) for node in cluster.nodes for address in node.addresses]
    for service in cluster.services:
        for _, address in of_nodes:
            found += ((address, port.protocol, port.node_port) for port in service.ports if port.node_port)
    for pod in cluster.pods:
        own = [address for name, address in of_nodes if name == pod.node]
        hosted = [port for port in pod.ports if port.host_port]
        found += ((address, port.protocol, port.host_port) for address in own for port in hosted)
    return found


@st.composite
def worlds(draw: st.DrawFn, *, admin: bool = True) -> tuple[Cluster, Options, list[Tuple5]]:
    """A cluster with policies, options to judge by, and flows; ``admin`` False leaves NetworkPolicies only.

    ``initiator`` is set in every flow of a world or in none, as a column is.
    """
    world = Dice(draw(st.binary(min_size=10, max_size=10)))
    namespaces = [make_namespace(place, faces) for place, faces in enumerate(draw(rolls(4, 4, least=1)))]
    nodes = [make_node(place, faces) for place, faces in enumerate(draw(rolls(11, 3)))]
    pods: list[Pod] = []
    for place, faces in enumerate(draw(rolls(30, 8, least=2))):
        pods.append(make_pod(place, faces, namespaces, nodes, pods))
    policies = [
        network_policy(place, faces, namespaces) for place, faces in enumerate(draw(rolls(90, 5, least=1)))
    ]
    if admin:
        policies += [admin_policy(place, faces) for place, faces in enumerate(draw(rolls(100, 4, least=1)))]
    if world.chance(50):
        policies.reverse()
    unlisted = world.chance(20)
    if world.chance(15):
        nodes = [undescribed(node) for node in nodes]
    services = [
        make_service(place, faces, namespaces, pods, nodes) for place, faces in enumerate(draw(rolls(15, 3)))
    ]
    slices = [make_slice(faces, services, pods) for faces in draw(rolls(24, 3))] if services else []
    blocks: IpBlockMatchesPods = draw(st.sampled_from(("yes", "no", "unknown")))
    options = Options(blocks, world.one_of(("unknown", "policy")))
    by_name = {namespace.name: namespace for namespace in namespaces}
    cluster = Cluster(
        by_name,
        tuple(nodes),
        tuple(pods),
        tuple(services),
        tuple(slices),
        policies=tuple(policies),
        services_unlisted=unlisted and not services,
    )
    initiators: Sequence[int | None] = world.one_of(((None,), (None,), (None,), (None,), (1, 1, 1, 0)))
    addresses = interesting_addresses(cluster)
    doors = doors_of(cluster)
    flows = [
        make_flow(faces, cluster, addresses, doors, initiators) for faces in draw(rolls(24, 24, least=4))
    ]
    return cluster, options, flows


ICMP_MESSAGES = ((8, 0), (3, 1), (3, 0), (128, 0), (0, 0), (8, None), (None, None))


@st.composite
def engines(draw: st.DrawFn) -> tuple[Cluster, Options, list[Tuple5]]:
    """The same with policies of all that the model can say, and options that engines differ in."""
    return with_engines(draw, *draw(worlds()))


def with_engines(
    draw: st.DrawFn, cluster: Cluster, options: Options, flows: list[Tuple5]
) -> tuple[Cluster, Options, list[Tuple5]]:
    world = Dice(draw(st.binary(min_size=60, max_size=60)))
    namespaces, services = list(cluster.namespaces.values()), cluster.services
    tiers = world.one_of((CILIUM, CALICO, MIXED))
    policies = [
        engine_policy(place, faces, tiers, namespaces, services)
        for place, faces in enumerate(draw(rolls(160, 5, least=1)))
    ]
    sets = [address_set(place, faces, namespaces) for place, faces in enumerate(draw(rolls(8, 3)))]
    pods = [
        replace(
            pod,
            account=world.one_of(("default", "robot")),
            ports=tuple(replace(port, sidecar=world.chance(30)) for port in pod.ports),
            init_ports=(ContainerPort("setup", 80, TCP),) if world.chance(30) else (),
        )
        for pod in cluster.pods
    ]
    accounts = {(one.name, name): labels(world) for one in namespaces for name in ("default", "robot")}
    if world.chance(40):
        accounts.popitem()
    services = tuple(replace(service, labels=labels(world)) for service in services)
    kept = cluster.policies[: world.one_of((0, 0, 1, 2))]
    cluster = replace(
        cluster,
        policies=(*kept, *policies),
        pods=tuple(pods),
        sets=tuple(sets),
        accounts=accounts,
        services=services,
    )
    options = replace(
        options,
        own_node=world.one_of(("allowed", "policy")),
        same_pod=world.one_of(("allowed", "policy")),
        port_names=world.one_of(("sidecars", "containers", "init")),
        same_port_name=world.one_of(("all", "last")),
        staged=world.chance(50),
        host_policies=world.chance(30),
    )
    more = [_between_known(faces, cluster) for faces in draw(rolls(8, 40, least=10))]
    told = 1 if any(flow.initiator is not None for flow in flows) else None
    flows += [replace(flow, initiator=told, at=world.one_of((None, 3, 12, 40))) for flow in more]
    return cluster, options, [_with_source(_with_icmp(flow, world), world) for flow in flows]


def _between_known(faces: bytes, cluster: Cluster) -> Tuple5:
    """A flow with a pod at one end and somebody known at the other: most of what policies decide."""
    dice = Dice(faces)
    pods = [a for pod in cluster.pods if not pod.finished for a in pod.addresses] or [OUTSIDE[0]]
    one, other = dice.one_of(pods), dice.one_of((*pods, *nodes_have(cluster), *OUTSIDE, "192.168.50.10"))
    at_home = [
        (pod.addresses[0], node.addresses[0])
        for pod in cluster.pods
        for node in cluster.nodes
        if pod.node == node.name and pod.addresses and node.addresses and not pod.finished
    ]
    if at_home and dice.chance(25):
        one, other = dice.one_of(at_home)
    port, protocol = dice.one_of(FLOW_PORTS), dice.one_of((*FLOW_PROTOCOLS, 112))
    return Tuple5(one, other, protocol, port) if dice.chance(50) else Tuple5(other, one, protocol, port)


def _with_icmp(flow: Tuple5, dice: Dice) -> Tuple5:
    if flow.protocol not in (1, 58):
        return flow
    type_, code = dice.one_of(ICMP_MESSAGES)
    return replace(flow, icmp_type=type_, icmp_code=code)


def _with_source(flow: Tuple5, dice: Dice) -> Tuple5:
    """From a port at or beside the edges of what rules ask for, or from none that was recorded."""
    if flow.protocol not in WITH_PORTS:
        return flow
    return replace(flow, src_port=dice.one_of((40000, 53, 54, 999, 1000, None)))
