"""For what a sidecar takes a connection: for bytes, or for HTTP requests.

Source: istio.io, "Protocol Selection"; Istio's pkg/config/kube/conversion.go, ConvertProtocol.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowcheck.model.mesh.requests import Carried
from flowcheck.model.peers import DataPlane
from flowcheck.model.protocols import TCP
from flowcheck.model.service import ServicePort
from flowcheck.reference.ends import End, Resolved
from flowcheck.reference.flow import Tuple5
from flowcheck.reference.translation import Services

EITHER = (Carried.TCP, Carried.HTTP)
OF_KUBERNETES = {
    "kubernetes.io/h2c": Carried.HTTP,
    "kubernetes.io/ws": Carried.HTTP,
    "kubernetes.io/wss": Carried.TCP,
}
HTTP_WORDS = frozenset({"http", "http2", "grpc"})
TCP_WORDS = frozenset({"tcp", "tls", "https", "mongo", "mysql", "redis", "udp"})


class Speaking:
    """What is spoken at the pods of a cluster, as its Services say."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def carried(
        self, flow: Tuple5, dst: End, port: int | None, via: ServicePort | None
    ) -> tuple[Carried, ...]:
        """Every way that it may be: as the record tells, else the Service port that it came by, else those
        that lead there, if they say the same; to a gateway, whose listeners are set otherwise, none does."""
        asked = flow.request
        if asked.method is not None or asked.path is not None or asked.host is not None:
            return (Carried.HTTP,)
        if dst.pod is not None and dst.pod.mesh is not None and dst.pod.mesh.plane is DataPlane.GATEWAY:
            return EITHER
        said = {spoken(one) for one in ([via] if via is not None else self._leading(dst, port, flow.time))}
        found = said.pop() if len(said) == 1 else None
        return EITHER if found is None else (found,)

    def _leading(self, dst: End, port: int | None, at: int) -> Iterator[ServicePort]:
        """The Service ports that lead to a port of a pod at a time, by whichever family."""
        for service in self.services.cluster.services:
            if not self.services.addresses.about(service.lifetime, at):
                continue
            for one in (one for one in service.ports if one.protocol == TCP):
                reached = (Resolved("", service=service, version=version) for version in (4, 6))
                found = [self.services.backends.behind(each, one, at).backends for each in reached]
                targets = [target for each in found for target in each if target.port == port is not None]
                if any(end.who == dst.who for target in targets for end in target.resolved.ends):
                    yield one


def spoken(port: ServicePort) -> Carried | None:
    """What a Service port's words say; None: nothing that is known."""
    if port.app_protocol in OF_KUBERNETES:
        return OF_KUBERNETES[port.app_protocol]
    word = (port.app_protocol or port.name).partition("-")[0].lower()
    if word in HTTP_WORDS:
        return Carried.HTTP
    return Carried.TCP if word in TCP_WORDS else None
