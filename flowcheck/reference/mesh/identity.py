"""Which identity the client of a connection proves to the proxy before its destination.

By the record; else by how the client is in the mesh, as mutual TLS is automatic between proxies. Of a client
that may prove one though nothing tells which it has, that is open.
"""

from __future__ import annotations

from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.membership import HBONE_PORT, Membership, MeshSettings, identity
from flowcheck.model.options import Options
from flowcheck.model.verdict import Reason
from flowcheck.reference.answers import Open
from flowcheck.reference.ends import End
from flowcheck.reference.flow import NO_PRINCIPAL, Tuple5
from flowcheck.reference.requests import Presented


class Identities:
    """The identities of a cluster's pods."""

    def __init__(self, cluster: Cluster, options: Options) -> None:
        self.domain = (cluster.mesh or MeshSettings()).trust_domain
        self.derived = options.mesh_identity == "derived"

    def proved(self, flow: Tuple5, src: End, to: Membership) -> list[Presented]:
        """Every way that it may be, with an identity before without, to a pod that is so in the mesh. What
        comes by a tunnel, as to a waypoint, only a certificate opens.

        What a client dials goes past its proxy by the port it dialled, before a Service's translation; where
        that was not recorded, and some do, it is not told.
        """
        own = self._own(src)
        membership = src.pod.mesh if src.pod is not None else None
        if flow.src_principal:
            return [None if flow.src_principal == NO_PRINCIPAL else flow.src_principal]
        if flow.port == HBONE_PORT or flow.by_waypoint:
            return [own] if membership is not None else [own, None]
        if membership is None or flow.port in membership.outbound_past:
            return [None]
        maybe_past = flow.port is None and bool(membership.outbound_past)
        sure = self.derived and not maybe_past and not to.clients_differ
        return [own] if sure else [own, None]

    def _own(self, src: End) -> Presented:
        """Of whoever is no pod nothing tells it."""
        if src.pod is None:
            return Open(Reason.NEEDS_IDENTITY)
        return identity(self.domain, src.pod.namespace, src.pod.account)
