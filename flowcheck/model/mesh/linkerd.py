"""Linkerd's policies as they are written, and how its control plane is set.

Source: policy.linkerd.io v1alpha1, v1beta1 to v1beta3; Linkerd edge-26.8.3
charts/linkerd-control-plane/values.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowcheck.model.labels import Selector
from flowcheck.model.peers import Access
from flowcheck.model.places import NOWHERE, SourceLocation


@dataclass(frozen=True, slots=True)
class LinkerdSettings:
    """As it was last. ``networks``: the cluster's own. ``inbound_past``, ``outbound_past``: the ports that go
    past proxies where a pod says nothing of it."""

    namespace: str = "linkerd"
    trust_domain: str = "cluster.local"
    access: Access = Access.ALL_UNAUTHENTICATED
    networks: tuple[str, ...] = (
        *("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"),
    )
    inbound_past: frozenset[int] = frozenset()
    outbound_past: frozenset[int] = frozenset()
    source: SourceLocation = NOWHERE


@dataclass(frozen=True, slots=True)
class Server:
    """A port of pods, by number or name, that lets in only whom an authorization or ``access`` does.
    ``is_http``: it may carry requests, so that routes may be for it. ``created``: its creationTimestamp, by
    which the oldest of several counts; "" not told."""

    port: int | str
    access: Access = Access.DENY
    is_http: bool = True
    labels: tuple[tuple[str, str], ...] = ()
    created: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    cidr: str
    excepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identities:
    """Any of them: ``names`` as they are written, service accounts by namespace and name, all of a
    namespace."""

    names: tuple[str, ...] = ()
    accounts: tuple[tuple[str, str], ...] = ()
    namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerAuthorization:
    """``server``: a name, or the labels of Servers. ``networks`` without any: those of the cluster.
    ``identities`` None: clients need prove none. ``is_void``: Linkerd passes over it."""

    server: str | Selector
    networks: tuple[Network, ...] = ()
    identities: Identities | None = None
    is_void: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """Another object, by its kind without its group."""

    kind: str
    name: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class LinkerdAuthorization:
    """An AuthorizationPolicy: clients that meet all it ``requires``, at a Server, at all of its namespace, or
    for requests of a route. ``is_void``: Linkerd passes over it."""

    target: Reference
    requires: tuple[Reference, ...] = ()
    is_void: bool = False


@dataclass(frozen=True, slots=True)
class MeshTlsAuthentication:
    """``is_void``: Linkerd passes over it."""

    identities: Identities
    is_void: bool = False


@dataclass(frozen=True, slots=True)
class NetworkAuthentication:
    networks: tuple[Network, ...]


LinkerdWritten = (
    Server | ServerAuthorization | LinkerdAuthorization | MeshTlsAuthentication | NetworkAuthentication
)
