"""Random clusters with Linkerd, and what its policy controller and proxies would say of them, written down
plainly beside the engine: by pod and port, with identities as they stand in certificates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network

from hypothesis import strategies as st

from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.mesh.linkerd import (
    Identities,
    LinkerdAuthorization,
    LinkerdSettings,
    LinkerdWritten,
    MeshTlsAuthentication,
    Network,
    NetworkAuthentication,
    Reference,
    Server,
    ServerAuthorization,
)
from flowcheck.model.mesh.membership import LINKERD_PORTS, Membership
from flowcheck.model.mesh.tiers import SERVER
from flowcheck.model.peers import Access, AnyOf, DataPlane, InboundDefault, PodQuery, Subject, Where
from flowcheck.model.policy import Policy
from tests.agreement.dice import Dice, rolls
from tests.builders import make_cluster, make_namespace, make_pod, select

SPACES, ACCOUNTS, APPS = ("x", "y"), ("default", "robot", "a.robot"), ("a", "b")
PORTS = (80, 8080, 9090)
OUTSIDE = "198.51.100.7"
TAIL = "serviceaccount.identity.linkerd.cluster.local"
NAMES = (
    *(f"robot.x.{TAIL}", f"*.y.{TAIL}", "*", f"*.{TAIL}", "*.cluster.local", f"a.robot.y.{TAIL}"),
    *(f"*.robot.x.{TAIL}", "*.example.com", "foo.bar", f"*.robot.{TAIL}"),
)
CIDRS = ("10.244.0.0/24", "10.0.0.0/8", "10.244.0.2/32", "198.51.100.0/24", "0.0.0.0/0")
OLD, NEW = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
MTLS, NETS = "MeshTLSAuthentication", "NetworkAuthentication"


def pod(place: int, faces: bytes) -> Pod:
    dice = Dice(faces)
    space = dice.one_of(SPACES)
    port = dice.one_of(("web=80", "web=8080", "web=80 web=9090", ""))
    default = InboundDefault(
        dice.one_of((None, *Access)), frozenset((8080,)) if dice.chance(25) else frozenset()
    )
    mesh = Membership(DataPlane.LINKERD, LINKERD_PORTS | frozenset(dice.some_of(PORTS, 1)), default=default)
    return make_pod(
        f"p{place}",
        f"10.244.{SPACES.index(space)}.{place + 1}",
        namespace=space,
        labels=f"app={dice.one_of(APPS)}",
        ports=port,
        account=dice.one_of(ACCOUNTS),
        mesh=None if dice.chance(20) else mesh,
    )


def networks(dice: Dice) -> tuple[Network, ...]:
    return tuple(
        Network(one, ("10.244.0.1/32",) if not dice.chance(40) and one.startswith("10.") else ())
        for one in dict.fromkeys((dice.one_of(CIDRS), dice.one_of(CIDRS)))
    )


def identities(dice: Dice) -> Identities:
    accounts = ((dice.one_of(SPACES), dice.one_of(ACCOUNTS)),) if dice.chance(40) else ()
    return Identities((dice.one_of(NAMES),), accounts, (dice.one_of(SPACES),) if dice.chance(20) else ())


def required(dice: Dice) -> tuple[Reference, ...]:
    account = Reference("ServiceAccount", dice.one_of(ACCOUNTS), dice.one_of(("", *SPACES)))
    identity = Reference(MTLS, dice.one_of(("m", "m", "absent")), dice.one_of(("", *SPACES)))
    network = Reference(NETS, dice.one_of(("m", "m", "absent")), dice.one_of(("", *SPACES)))
    return dice.one_of(((network,), (identity,), (account,), (identity, network), (account, network), ()))


def policy(place: int, faces: bytes) -> Policy:
    dice = Dice(faces)
    space, name = dice.one_of(("x", "x", "y")), f"s{place}"
    subject: Subject = Where(AnyOf(()))
    written: LinkerdWritten
    match 0 if place < 2 else dice.one_of((2, 2, 3, 0)):
        case 0:
            written = Server(
                dice.one_of((80, 8080, "web")),
                dice.one_of((Access.DENY, Access.DENY, *Access)),
                labels=(("tier", dice.one_of(APPS)),),
                created=dice.one_of((OLD, NEW)),
            )
            subject = PodQuery(space, None, select(dice.one_of(("", "app=a"))))
            kind = "Server"
        case 2:
            target = dice.one_of((Reference("Server", "s0"), Reference("Server", "s1")))
            target = dice.one_of((target, Reference("Namespace", space)))
            written, kind = LinkerdAuthorization(target, required(dice)), "LinkerdAuthorizationPolicy"
        case _:
            server = dice.one_of(("s0", "s1", select("tier=a")))
            given = networks(dice) if dice.chance(50) else ()
            who = None if dice.chance(40) else identities(dice)
            written, kind = ServerAuthorization(server, given, who), "ServerAuthorization"
    return Policy(kind, space, name, SERVER, subject, mesh=written)


def authentications(space: str, faces: bytes) -> Iterator[Policy]:
    """One of each kind, to which policies refer."""
    dice, nobody = Dice(faces), Where(AnyOf(()))
    yield Policy(MTLS, space, "m", SERVER, nobody, mesh=MeshTlsAuthentication(identities(dice)))
    yield Policy(NETS, space, "m", SERVER, nobody, mesh=NetworkAuthentication(networks(dice)))


@st.composite
def linkerd_clusters(draw: st.DrawFn) -> Cluster:
    pods = [pod(place, faces) for place, faces in enumerate(draw(rolls(8, 6, least=2)))]
    given = [policy(place, faces) for place, faces in enumerate(draw(rolls(14, 10, least=5)))]
    named = [draw(st.binary(min_size=8, max_size=8)) for _ in SPACES]
    own = [
        *given,
        *(one for space, faces in zip(SPACES, named, strict=True) for one in authentications(space, faces)),
    ]
    default = Dice(draw(st.binary(min_size=1, max_size=1))).one_of(tuple(Access))
    cluster = make_cluster(*map(make_namespace, SPACES), *pods, *own)
    return replace(cluster, linkerd=LinkerdSettings(access=default))


# -- what Linkerd says -------------------------------------------------------------------------------


class Controller:
    """By the objects of a cluster, all of which always were there."""

    def __init__(self, cluster: Cluster) -> None:
        self.policies, self.settings = cluster.policies, cluster.linkerd or LinkerdSettings()

    def lets_in(self, client: str, identity: str | None, pod: Pod, port: int) -> bool:
        """``identity`` None: plaintext."""
        server = self.server_of(pod, port)
        if server is not None:
            return any(self.is_one(client, identity, one) for one in self.clients_of(*server))
        default = (pod.mesh.default if pod.mesh else None) or InboundDefault()
        access = default.access or self.settings.access
        if port in default.identified:
            access = access.authenticated
        return any(self.is_one(client, identity, one) for one in self.by_access(access))

    def server_of(self, pod: Pod, port: int) -> tuple[Policy, Server] | None:
        found = [
            (one.mesh.created, one.name, one, one.mesh)
            for one in self.policies
            if isinstance(one.mesh, Server)
            and isinstance(one.subject, PodQuery)
            and one.namespace == pod.namespace
            and one.subject.pods.matches(pod.labels)
            and port in {one.mesh.port, *(p.number for p in pod.ports if p.name == one.mesh.port)}
        ]
        return min(found, key=lambda one: one[:2])[2:] if found else None

    def by_access(self, access: Access) -> Iterator[tuple[tuple[Network, ...], Identities | None]]:
        everywhere = (Network("0.0.0.0/0"),)
        near = tuple(map(Network, self.settings.networks))
        anybody = Identities(("*",))
        match access:
            case Access.ALL_UNAUTHENTICATED | Access.AUDIT:
                yield everywhere, None
            case Access.ALL_AUTHENTICATED:
                yield everywhere, anybody
            case Access.CLUSTER_UNAUTHENTICATED:
                yield near, None
            case Access.CLUSTER_AUTHENTICATED:
                yield near, anybody

    def clients_of(
        self, policy: Policy, server: Server
    ) -> Iterator[tuple[tuple[Network, ...], Identities | None]]:
        yield from self.by_access(server.access)
        for one in self.policies:
            if one.namespace != policy.namespace:
                continue
            match one.mesh:
                case ServerAuthorization(of, networks, who):
                    is_for = of == policy.name if isinstance(of, str) else of.matches(dict(server.labels))
                    if is_for:
                        yield networks or tuple(map(Network, self.settings.networks)), who
                case LinkerdAuthorization(target, requires):
                    if target.kind == "Namespace" or target.name == policy.name:
                        yield from self.meeting(requires, one.namespace)

    def meeting(
        self, requires: tuple[Reference, ...], space: str
    ) -> Iterator[tuple[tuple[Network, ...], Identities | None]]:
        networks: tuple[Network, ...] = (Network("0.0.0.0/0"),)
        who: Identities | None = None
        for one in requires:
            place = (one.kind, one.namespace or space, one.name)
            found = [p.mesh for p in self.policies if (p.kind, p.namespace, p.name) == place]
            if one.kind == "ServiceAccount":
                who = Identities((f"{one.name}.{one.namespace or space}.{TAIL}",))
            elif not found:
                return
            elif isinstance(found[0], MeshTlsAuthentication):
                who = found[0].identities
            elif isinstance(found[0], NetworkAuthentication):
                networks = found[0].networks
        yield networks, who

    def is_one(
        self, client: str, identity: str | None, of: tuple[tuple[Network, ...], Identities | None]
    ) -> bool:
        networks, who = of
        if not any(is_in(client, one) for one in networks):
            return False
        if who is None or identity is None:
            return who is None
        wanted = [*who.names, *(f"{account}.{space}.{TAIL}" for space, account in who.accounts)]
        wanted += [f"*.{space}.{TAIL}" for space in who.namespaces]
        return any(
            one == "*" or one == identity or (one.startswith("*.") and identity.endswith(one[1:]))
            for one in wanted
        )


def is_in(client: str, network: Network) -> bool:
    address = ip_address(client)
    inside = address in ip_network(network.cidr)
    return inside and not any(address in ip_network(one) for one in network.excepts)
