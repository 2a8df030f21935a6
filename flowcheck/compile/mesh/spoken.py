"""For what a proxy takes a connection, by what a Service's port says is spoken there.

Source: istio.io, "Protocol Selection"; istio pkg/config/kube/conversion.go, pkg/config/protocol/instance.go
(1.30): appProtocol, else the port's name up to its first hyphen, in any case.
"""

from __future__ import annotations

from flowcheck.model.mesh.requests import Carried

_HTTP = frozenset({"http", "http2", "grpc", "grpc-web", "kubernetes.io/h2c", "kubernetes.io/ws"})
_TCP = frozenset({"tcp", "tls", "https", "kubernetes.io/wss", "mongo", "mysql", "redis", "udp"})


def spoken_at(app_protocol: str, name: str) -> Carried | None:
    """None: nothing is said, or nothing that a proxy knows, so that it looks at the bytes."""
    word = (app_protocol or name.partition("-")[0]).lower()
    return Carried.HTTP if word in _HTTP else Carried.TCP if word in _TCP else None
