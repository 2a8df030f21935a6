"""Peers that are Services: whoever their slices list, or whom they select."""

from __future__ import annotations

from flowcheck.counted import listed
from flowcheck.explaining.asking.found import Found, known
from flowcheck.explaining.ends import Candidate, as_address
from flowcheck.model.cluster import Cluster
from flowcheck.model.peers import Backends, ServicePods
from flowcheck.model.service import EndpointSlice, Service
from flowcheck.model.verdict import Reason


def among_backends(peer: Backends, end: Candidate, at: str, cluster: Cluster) -> Found:
    """Whether slices of a Service list the end's address, ready or not."""
    own = (peer.namespace, peer.name)
    here = any(_lists(one, end) for one in cluster.slices if (one.namespace, one.service) == own)
    name = f"{peer.namespace}/{peer.name}"
    return known(here, f"{at} is {'' if here else 'not '}among the addresses of Service {name}")


def behind(peer: ServicePods, end: Candidate, who: str, cluster: Cluster) -> Found:
    """Whether a Service selects the pod; of one without a selector, whether its slices list the address."""
    services = [
        one
        for one in cluster.services
        if peer.namespace in (None, one.namespace)
        and peer.name in (None, one.name)
        and peer.labels.matches(one.labels)
    ]
    if not any(one.selector is not None or cluster.slices_of(one) for one in services):
        return Found("maybe", ("no input tells who is behind that Service",), Reason.UNSUPPORTED_FIELD)
    names = listed([f"{one.namespace}/{one.name}" for one in services])
    found = any(_is_behind(one, end, cluster) for one in services)
    return known(found, f"{who} is {'' if found else 'not '}behind Service {names}")


def _is_behind(service: Service, end: Candidate, cluster: Cluster) -> bool:
    pod = end.pod
    if service.selector is not None:
        mine = pod is not None and pod.namespace == service.namespace
        return mine and pod is not None and service.selector.items() <= pod.labels.items()
    if pod is not None or end.node is not None:
        return False
    return any(_lists(one, end) for one in cluster.slices_of(service))


def _lists(one: EndpointSlice, end: Candidate) -> bool:
    return any(as_address(backend.address) == end.address for backend in one.backends)
