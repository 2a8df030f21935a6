"""What Linkerd's proxies ask, as policies of the mesh's layer: tiers, subjects, rules.

At a port that a Server is for, an authorization must let a client in, or the Server's accessPolicy; at any
other what its pod has by default. Policies of other languages are not touched.

Source: Linkerd edge-26.8.3 and linkerd2-proxy 2.366, as each file says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flowcheck.engines.linkerd.authorizations import Authorizations
from flowcheck.engines.linkerd.clients import probing, rules_of
from flowcheck.engines.linkerd.membership import with_members
from flowcheck.engines.linkerd.servers import TUNNEL_PORT, ServerAt, servers_in, tunnelled
from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.linkerd import LinkerdSettings, LinkerdWritten, Server
from flowcheck.model.mesh.tiers import INBOUND_DEFAULT, SERVER
from flowcheck.model.peers import Access, AllOf, Carries, DataPlane, InboundDefault, IsA, Kind, Where
from flowcheck.model.policy import Action, Policy, PortRange, Rule
from flowcheck.model.protocols import TCP
from flowcheck.model.verdict import Reason

__all__ = ("is_own", "policies", "remarks", "with_members")


def is_own(policy: Policy) -> bool:
    """Whether a policy is the mesh's, as written."""
    return isinstance(policy.mesh, LinkerdWritten)


def policies(cluster: Cluster) -> Iterator[Policy]:
    """What its proxies enforce."""
    settings = cluster.linkerd or LinkerdSettings()
    own = [one for one in cluster.policies if is_own(one)]
    authorizations = Authorizations.of(own, settings)
    spaces = dict.fromkeys(one.namespace for one in own if isinstance(one.mesh, Server))
    servers = [one for space in spaces for one in servers_in(space, own, cluster.pods)]
    for server in servers:
        yield from _at(server, authorizations, settings)
    if servers:
        yield _tunnel(servers)
    defaults = (pod.mesh.default for pod in cluster.pods if pod.mesh and pod.mesh.default)
    for default in dict.fromkeys(defaults):
        yield from _by_default(default, settings)


def _at(server: ServerAt, authorizations: Authorizations, settings: LinkerdSettings) -> Iterator[Policy]:
    """Each authorization under its own name, then what the Server itself says; all before those of a Server
    that is younger."""
    here = f"Server {server.policy.name}"
    for policy, clients, needs, lifetime in authorizations.at(server):
        peers = clients.peers(settings)
        rule = Rule(here, Action.ALLOW, peers, server.ports, policy.source, needs=needs)
        yield replace(
            policy,
            tier=SERVER,
            priority=2 * server.rank,
            tie=server.policy.name,
            subject=server.subject,
            ingress=(rule,),
            lifetime=lifetime,
            unread=server.unread,
        )
    access = server.written.access
    rules = [rule for probed in server.probed.items() for rule in probing(*probed, server.policy.source)]
    rules += rules_of(access, server.ports, f"accessPolicy {access}", settings, server.policy.source)
    yield replace(
        server.policy,
        tier=SERVER,
        priority=2 * server.rank + 1,
        tie=server.policy.name,
        subject=server.subject,
        ingress=tuple(rules),
        unread=server.unread,
    )


def _tunnel(servers: list[ServerAt]) -> Policy:
    """What came through a tunnel was for a port that is not told: it may be let in there, or not. Two
    rules of different labels, as each is a question of its own."""
    ports = (PortRange(TCP, TUNNEL_PORT, TUNNEL_PORT),)
    rules = tuple(
        Rule(f"a port inside it: {action}", action, None, ports, needs=Reason.NO_PORT)
        for action in (Action.ALLOW, Action.DENY)
    )
    return Policy("Tunnel", "", "linkerd-proxy", SERVER, tunnelled(servers), -1, ingress=rules)


def _by_default(default: InboundDefault, settings: LinkerdSettings) -> Iterator[Policy]:
    """Nothing where everybody is let in."""
    access = default.access or settings.access
    rules: list[Rule] = []
    if default.identified and access.authenticated is not access:
        ports = tuple(PortRange(TCP, one, one) for one in sorted(default.identified))
        asked = access.authenticated
        rules += rules_of(asked, ports, f"{asked} at ports that ask for it", settings, settings.source)
    if access not in (Access.ALL_UNAUTHENTICATED, Access.AUDIT):
        rules += rules_of(access, None, str(access), settings, settings.source)
    if rules:
        rules[:0] = probing(default, default.probed, settings.source)
        subject = Where(AllOf((IsA(Kind.POD), Carries(DataPlane.LINKERD, default))))
        tie = " ".join(",".join(map(str, sorted(one))) for one in (default.identified, default.probed))
        yield Policy(
            *("DefaultInboundPolicy", "", str(access), INBOUND_DEFAULT, subject),
            ingress=tuple(rules),
            source=settings.source,
            tie=tie,
        )


def remarks(cluster: Cluster) -> Iterator[str]:
    """What a verdict may hang on, and what of the policies has no effect."""
    own = [one for one in cluster.policies if is_own(one)]
    there = any(pod.mesh and pod.mesh.plane is DataPlane.LINKERD for pod in cluster.pods)
    settings = LinkerdSettings()
    if (own or there) and cluster.linkerd is None:
        yield (
            "no ConfigMap linkerd-config tells how Linkerd is set: its control plane is taken to be in "
            f"namespace {settings.namespace}, its trust domain {settings.trust_domain}, and its default "
            f"inbound policy {settings.access}"
        )
    if own and not there:
        yield (
            "there are policies of Linkerd, but no pod with its proxy: none of them is asked (give the pods "
            "as the cluster has them)"
        )
    authorizations = Authorizations.of(own, settings)
    for policy in {str(one): one for one in own}.values():
        for name in authorizations.absent(policy):
            yield f"{policy} ({policy.source}) asks for {name}, which is not there: it authorizes nobody"
