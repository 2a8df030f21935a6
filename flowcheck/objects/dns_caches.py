"""DNS caches on the nodes, which listen at the address of the DNS Service too: nobody can tell who answered.

Source: kubernetes/kubernetes, cluster/addons/dns/nodelocaldns: a DaemonSet on the host network, labelled
k8s-app: node-local-dns, beside a Service kube-dns-upstream for the cache itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flowcheck.model.cluster import Pod
from flowcheck.model.service import Service

CACHE, UPSTREAM, DNS = "node-local-dns", "kube-dns-upstream", 53


def mark_cached(services: Iterable[Service], pods: Iterable[Pod]) -> tuple[Service, ...]:
    """The Services, those for DNS marked in whose namespace such a cache runs."""
    caching = {pod.namespace for pod in pods if is_cache(pod)}
    return tuple(replace(one, cached=True) if _may_be_cached(one, caching) else one for one in services)


def is_cache(pod: Pod) -> bool:
    return pod.host_network and CACHE in (pod.workload.name, pod.labels.get("k8s-app"))


def _may_be_cached(service: Service, caching: set[str]) -> bool:
    for_dns = any(port.port == DNS for port in service.ports)
    return service.namespace in caching and service.name != UPSTREAM and for_dns
