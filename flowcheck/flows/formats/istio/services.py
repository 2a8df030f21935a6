"""Names of Services in a mesh."""

from __future__ import annotations


def service_of(host: str | None) -> str | None:
    """``reviews.shop.svc.cluster.local`` -> ``shop/reviews``; None for what is no Service of a cluster."""
    name, _, rest = (host or "").partition(".")
    namespace, _, domain = rest.partition(".")
    if not name or not namespace or domain.partition(".")[0] != "svc":
        return None
    return f"{namespace}/{name}"


def cluster_service(cluster: str | None) -> str | None:
    """Of a cluster of Envoy's: ``outbound|9080||reviews.shop.svc.cluster.local``, or a waypoint's, which may
    end in a semicolon."""
    parts = (cluster or "").rstrip(";").split("|")
    return service_of(parts[3]) if len(parts) == 4 else None
