"""Random meshes: the worlds of ``strategies.py`` with some pods in a mesh, its policies, and records that
tell more or less of identities and requests.

Policies are as an engine makes them of a mesh's own: rules for connections to a pod, in the mesh's tiers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster, Pod
from flowcheck.model.labels import Operator, Requirement
from flowcheck.model.mesh.membership import HBONE_PORT, Membership, MeshSettings
from flowcheck.model.mesh.requests import Asks, Carried, Part, RequestExpression
from flowcheck.model.options import Options
from flowcheck.model.peers import (
    AllOf,
    AnyOf,
    Carries,
    DataPlane,
    Expression,
    IsA,
    Kind,
    Labelled,
    Not,
    Of,
    Peer,
    PodQuery,
    Presents,
    Subject,
    Where,
)
from flowcheck.model.policy import Action, AddressBlock, Direction, Policy, PortRange, Rule
from flowcheck.model.ports import Ports, PortsBut
from flowcheck.model.protocols import TCP
from flowcheck.model.service import EndpointSlice, Service, ServicePort
from flowcheck.model.verdict import Reason
from flowcheck.reference import Tuple5
from tests.agreement.agree import World
from tests.agreement.dice import Dice, rolls
from tests.agreement.engines import clause
from tests.agreement.policies import BLOCKS, KEYS, VALUES, selector
from tests.agreement.strategies import OUTSIDE, nodes_have, worlds
from tests.meshes import ALLOW, MESH_TIERS, PEER_AUTHENTICATION, PLAINTEXT, spiffe

PLANES = (DataPlane.SIDECAR, DataPlane.AMBIENT, DataPlane.SIDECAR, DataPlane.LINKERD)
PORTS = (80, 443, 8080, 53, 81)
IDENTITIES = (spiffe("ns0"), spiffe("ns1", "robot"), spiffe("ns0", "robot", "far.example"))
METHODS, PATHS, HOSTS, SERVERS = ("GET", "POST"), ("/", "/admin"), ("a.example", "b"), ("db", "web")
REQUESTS = {Part.METHOD: METHODS, Part.PATH: PATHS, Part.HOST: HOSTS, Part.SNI: SERVERS}
PATTERNS = (".*", ".*/ns/ns0/.*", ".*/ns/ns.*/sa/robot", spiffe("ns0"), "spiffe://far[.]example/.*", "none")
WORDS = ("", "", "http", "kubernetes.io/h2c", "grpc", "tcp", "tls", "example.com/mine")
NAMES = {"web": "http-web", "alt": "tcp-alt", "host": "https", "dns": "dns"}
"""New names for ports of Services, that tell what is spoken there."""


# -- policies ----------------------------------------------------------------------------------------


def client(dice: Dice) -> Expression:
    """What a rule asks of who opens a connection."""
    proves: Expression = Presents(dice.one_of(PATTERNS))
    match dice.below(6):
        case 0 | 1:
            return proves
        case 2:
            return Not(proves)
        case 3:
            return AllOf((proves, Not(Presents(dice.one_of(PATTERNS)))))
        case 4:
            return AllOf((proves, Labelled(Of.OWN, clause(dice))))
        case _:
            return AnyOf((proves, Labelled(Of.NAMESPACE, clause(dice))))


def peer(dice: Dice, depth: int = 1) -> Peer:
    match dice.below(8) if depth else dice.below(4):
        case 0 | 1 | 2:
            return Where(client(dice))
        case 3 | 4:
            return AddressBlock(dice.one_of(BLOCKS), (), True, True)
        case 5:
            return AllOf((peer(dice, depth - 1), peer(dice, depth - 1)))
        case 6:
            return AnyOf((peer(dice, depth - 1), peer(dice, depth - 1)))
        case _:
            return Not(peer(dice, depth - 1))


def request(dice: Dice, depth: int = 2) -> RequestExpression:
    match dice.below(6) if depth else 0:
        case 0 | 1 | 2:
            part = dice.one_of((*REQUESTS, Part.PATH, Part.OTHER))
            pattern = dice.one_of(REQUESTS[part]) if part in REQUESTS else "v"
            return Asks(part, dice.one_of((pattern, pattern, ".+")), "x-header" if part is Part.OTHER else "")
        case 3:
            return AllOf((request(dice, depth - 1), request(dice, depth - 1)))
        case 4:
            return AnyOf((request(dice, depth - 1), request(dice, depth - 1)))
        case _:
            return Not(request(dice, depth - 1))


def ports(dice: Dice) -> tuple[Ports, ...] | None:
    if dice.chance(55):
        return None
    one = PortRange(TCP, *[dice.one_of(PORTS)] * 2)
    return (dice.one_of((one, one, PortRange(TCP, 80, 443), PortsBut(TCP, None, (one,)))),)


def rule(dice: Dice, label: str, action: Action) -> Rule:
    peers: tuple[Peer, ...] | None = None
    if not dice.chance(25):
        peers = tuple(peer(dice) for _ in range(dice.one_of((1, 1, 2, 0))))
    return Rule(
        label,
        action,
        peers,
        ports(dice),
        needs=Reason.NEEDS_L7 if dice.chance(8) else Reason.NONE,
        subject=AddressBlock(dice.one_of(BLOCKS), (), True, True) if dice.chance(12) else None,
        request=request(dice) if dice.chance(30) else None,
        carried=dice.one_of((None, None, Carried.TCP, Carried.HTTP)),
    )


def subject(dice: Dice, names: Sequence[str]) -> Subject:
    everyone = dice.chance(60)
    if dice.chance(40):
        return (
            PodQuery(namespace=dice.one_of(names))
            if everyone
            else PodQuery(dice.one_of(names), None, selector(dice))
        )
    here = Requirement(NAMESPACE_NAME_LABEL, Operator.IN, frozenset((dice.one_of(names),)))
    found: list[Expression] = [IsA(Kind.POD), Carries(dice.one_of(PLANES))]
    if not everyone:
        found.append(dice.one_of((Labelled(Of.NAMESPACE, here), Labelled(Of.OWN, clause(dice)))))
    return Where(AllOf(tuple(found)))


def policy(place: int, faces: bytes, names: Sequence[str]) -> Policy:
    dice = Dice(faces)
    tier = dice.one_of((*MESH_TIERS, ALLOW))
    action = Action.ALLOW if tier is ALLOW else Action.DENY
    if tier is PEER_AUTHENTICATION and dice.chance(40):
        action = Action.PASS
    numbers = range(dice.one_of((1, 1, 2, 3, 0)))
    labels = [f"rules[{number if dice.chance(70) else 0}]" for number in numbers]
    rules = tuple(rule(dice, label, action) for label in labels)
    if tier is PEER_AUTHENTICATION and action is Action.DENY and dice.chance(50):
        rules = (Rule("STRICT", action, (PLAINTEXT,)), *rules)
    return Policy(
        "PeerAuthentication" if tier is PEER_AUTHENTICATION else "AuthorizationPolicy",
        dice.one_of(names),
        f"mesh{place}",
        tier,
        subject(dice, names),
        dice.one_of((0, 0, 1)),
        isolates=frozenset((Direction.INGRESS,)) if tier is ALLOW else frozenset(),
        ingress=rules,
        staged=dice.chance(8),
        needs=Reason.AMBIGUOUS_POLICY if dice.chance(4) else Reason.NONE,
        by_waypoint=dice.chance(20),
    )


# -- who is in the mesh ------------------------------------------------------------------------------


def in_mesh(pod: Pod, dice: Dice) -> Pod:
    pod = replace(pod, account=dice.one_of(("default", "robot")))
    if not dice.chance(75):
        return pod
    past = [frozenset(dice.some_of(PORTS, 2) if dice.chance(25) else ()) for _ in range(2)]
    return replace(pod, mesh=Membership(dice.one_of(PLANES), *past, clients_differ=dice.chance(15)))


def speaking(port: ServicePort, word: str) -> ServicePort:
    """A port of a Service, or of a slice, that says what is spoken there."""
    return replace(port, name=NAMES.get(port.name, port.name), app_protocol=word)


def service(one: Service, dice: Dice) -> Service:
    return replace(one, ports=tuple(speaking(port, dice.one_of(WORDS)) for port in one.ports))


def endpoint_slice(one: EndpointSlice) -> EndpointSlice:
    return replace(one, ports=tuple(speaking(port, "") for port in one.ports))


def saying_service(place: int, faces: bytes, names: Sequence[str]) -> Service:
    """A Service that leads to ports which rules ask about, and mostly says what is spoken there."""
    dice = Dice(faces)
    port, word = dice.one_of(PORTS), dice.one_of(("http", "tcp", "grpc", "tls", "example.com/mine"))
    name = dice.one_of(("", "http-x", "tcp-x", "x"))
    return Service(
        dice.one_of(names),
        f"says{place}",
        cluster_ips=dice.one_of(((f"10.96.1.{place + 1}",), ())),
        ports=(ServicePort(name, TCP, 80, port, app_protocol=word if dice.chance(60) else ""),),
        selector={dice.one_of(KEYS): dice.one_of(VALUES)},
    )


# -- what records tell -------------------------------------------------------------------------------


def between_known(faces: bytes, cluster: Cluster) -> Tuple5:
    """A flow to a pod from somebody known: most of what a mesh decides."""
    dice = Dice(faces)
    pods = [a for pod in cluster.pods if not pod.finished for a in pod.addresses] or [OUTSIDE[0]]
    src, dst = dice.one_of((*pods, *pods, *nodes_have(cluster), *OUTSIDE)), dice.one_of(pods)
    return Tuple5(src, dst, TCP, dice.one_of((*PORTS, *PORTS, None)))


def recorded(flow: Tuple5, faces: bytes, own: Sequence[str]) -> Tuple5:
    """The flow as a proxy may record it: with whatever it tells."""
    dice = Dice(faces)
    if dice.chance(30):
        flow = replace(flow, src_principal=dice.one_of((*IDENTITIES, "none", "", *own)))
    if dice.chance(30):
        method, path, host, server = (
            dice.one_of((None, *values, "other")) for values in (METHODS, PATHS, HOSTS, SERVERS)
        )
        told = {"http_method": method, "http_path": path, "http_host": host, "tls_server_name": server}
        flow = replace(flow, **told)
    match dice.below(9):
        case 0 | 1:
            return replace(flow, port=HBONE_PORT)
        case 2 | 3:
            return replace(flow, outer_port=HBONE_PORT)
        case 4:
            return replace(flow, outer_port=dice.one_of(PORTS))
        case 5 | 6:
            return replace(flow, by_waypoint=True, service_port=dice.one_of((*PORTS, None)))
        case _:
            return flow


@st.composite
def mesh_worlds(draw: st.DrawFn) -> World:
    """A cluster in which some pods are in a mesh, with policies of both layers."""
    cluster, options, flows = draw(worlds())
    world = Dice(draw(st.binary(min_size=120, max_size=120)))
    names = sorted(cluster.namespaces)
    own = [policy(place, faces, names) for place, faces in enumerate(draw(rolls(110, 5, least=1)))]
    kept = cluster.policies[: world.one_of((0, 0, 1, 2))]
    domain = world.one_of(("cluster.local", "cluster.local", "far.example"))
    pods = tuple(in_mesh(pod, world) for pod in cluster.pods)
    saying = [saying_service(place, faces, names) for place, faces in enumerate(draw(rolls(8, 3)))]
    cluster = replace(
        cluster,
        policies=(*own, *kept) if world.chance(50) else (*kept, *own),
        pods=pods,
        services=(*(service(one, world) for one in cluster.services), *saying),
        slices=tuple(map(endpoint_slice, cluster.slices)),
        mesh=MeshSettings(trust_domain=domain) if world.chance(70) else None,
    )
    told = 1 if any(flow.initiator is not None for flow in flows) else None
    flows += [
        replace(between_known(faces, cluster), initiator=told) for faces in draw(rolls(3, 30, least=12))
    ]
    identities = [spiffe(pod.namespace, pod.account, domain) for pod in pods]
    beside = draw(st.lists(st.binary(min_size=9, max_size=9), min_size=len(flows), max_size=len(flows)))
    options = Options(
        options.ipblock_matches_pods,
        options.icmp,
        own_node=world.one_of(("allowed", "policy")),
        staged=world.chance(30),
        host_policies=world.chance(20),
        mesh_identity=world.one_of(("derived", "recorded")),
    )
    told_flows = [recorded(flow, faces, identities) for flow, faces in zip(flows, beside, strict=True)]
    return cluster, options, told_flows
