"""Small meshes for tests: pods on each data plane, and policies of a mesh's tiers as an engine makes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flowcheck.model.cluster import Pod
from flowcheck.model.mesh.membership import Membership, identity
from flowcheck.model.peers import DataPlane, Not, Presents, Subject, Where
from flowcheck.model.policy import Action, Direction, Peer, Policy, PortRange, Rule
from flowcheck.model.protocols import TCP
from flowcheck.model.tiers import Layer, Tier
from tests.builders import in_namespace, make_pod

PEER_AUTHENTICATION = Tier("PeerAuthentication", 0, layer=Layer.MESH)
CUSTOM = Tier("CUSTOM", 1, layer=Layer.MESH)
DENY = Tier("DENY", 2, layer=Layer.MESH)
ALLOW = Tier("ALLOW", 3, denies=True, layer=Layer.MESH)
MESH_TIERS = (PEER_AUTHENTICATION, CUSTOM, DENY, ALLOW)
PLAINTEXT = Where(Not(Presents(".*")))


def on_plane(
    plane: DataPlane, name: str, *addresses: str, past: Membership | None = None, **tweaks: Any
) -> Pod:
    mesh = replace(past, plane=plane) if past is not None else Membership(plane)
    return make_pod(name, *addresses, mesh=mesh, **tweaks)


def with_sidecar(name: str, *addresses: str, **tweaks: Any) -> Pod:
    return on_plane(DataPlane.SIDECAR, name, *addresses, **tweaks)


def with_ztunnel(name: str, *addresses: str, **tweaks: Any) -> Pod:
    return on_plane(DataPlane.AMBIENT, name, *addresses, **tweaks)


def going_past(inbound: tuple[int, ...] = (), outbound: tuple[int, ...] = ()) -> Membership:
    """The ports that go past a proxy, of whatever data plane."""
    return Membership(DataPlane.SIDECAR, frozenset(inbound), frozenset(outbound))


def spiffe(namespace: str, account: str = "default", domain: str = "cluster.local") -> str:
    return identity(domain, namespace, account)


def presenting(*namespaces: str) -> Where:
    """Who proves an identity of one of these namespaces."""
    return Where(Presents(f".*/ns/({'|'.join(namespaces)})/.*"))


def entry(
    action: Action, peer: Peer | None = None, *ports: int, label: str = "rules[0]", **tweaks: Any
) -> Rule:
    """A rule of a mesh's policy; without ports it is about all of TCP's and everything else."""
    numbers = tuple(PortRange(TCP, port, port) for port in ports) or None
    return Rule(label, action, None if peer is None else (peer,), numbers, **tweaks)


def denies(peer: Peer | None = None, *ports: int, **tweaks: Any) -> Rule:
    return entry(Action.DENY, peer, *ports, **tweaks)


def allows(peer: Peer | None = None, *ports: int, **tweaks: Any) -> Rule:
    return entry(Action.ALLOW, peer, *ports, **tweaks)


def mesh_policy(
    tier: Tier, *rules: Rule, name: str = "m", subject: Subject | None = None, **tweaks: Any
) -> Policy:
    """A policy for all pods of namespace ``x``, if for no others; one that allows isolates."""
    kind = "PeerAuthentication" if tier is PEER_AUTHENTICATION else "AuthorizationPolicy"
    return Policy(
        kind,
        "x",
        name,
        tier,
        subject if subject is not None else in_namespace("x"),
        isolates=frozenset((Direction.INGRESS,)) if tier is ALLOW else frozenset(),
        ingress=rules,
        **tweaks,
    )


def strict(**tweaks: Any) -> Policy:
    return mesh_policy(PEER_AUTHENTICATION, denies(PLAINTEXT, label="STRICT"), name="strict", **tweaks)
