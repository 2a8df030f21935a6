"""Addresses and CIDRs as k8s.io/utils/net ParseIPSloppy and ParseCIDRSloppy take them, wherever they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flowcheck.manifests.validation import canonical_address, parse_cidr
from flowcheck.model.cluster import Cluster

Load = Callable[..., Cluster]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.010.1", "10.0.10.1"),
        ("010.000.08.00009", "10.0.8.9"),
        ("FD00::000A", "fd00::a"),
        ("fd00:00000::0000a", "fd00::a"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::ffff:010.0.010.1", "10.0.10.1"),
        ("::0ffff:a00:1", "10.0.0.1"),
        ("64:ff9b::10.0.0.01", "64:ff9b::a00:1"),
    ],
)
def test_addresses(text: str, address: str) -> None:
    assert canonical_address(text) == address


@pytest.mark.parametrize(
    "text", ["10.0.0", "10.0.0.0256", "0x0a.0.0.1", "::ffff:10.0.0", "fd00::1%eth0", "12345::"]
)
def test_no_addresses(text: str) -> None:
    with pytest.raises(ValueError, match=r".?"):
        canonical_address(text)


@pytest.mark.parametrize(
    ("text", "cidr"),
    [
        ("10.0.010.7/024", "10.0.10.0/24"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:10.1.2.03/128", "10.1.2.3/32"),
        ("::ffff:a00:0/96", "0.0.0.0/0"),
        ("::ffff:10.0.0.0/90", "::ffc0:0:0/90"),
        ("::ffff:10.0.0.0/8", "::/8"),
        ("fd00::1/64", "fd00::/64"),
    ],
)
def test_cidrs(text: str, cidr: str) -> None:
    assert str(parse_cidr(text)) == cidr


@pytest.mark.parametrize(
    "text", ["10.0.0.0/33", "10.0.0.0", "::ffff:10.0.0.0/129", "10.0.0.0/255.0.0.0", "::/-1"]
)
def test_no_cidrs(text: str) -> None:
    with pytest.raises(ValueError, match="CIDR"):
        parse_cidr(text)


def thing(api: str, kind: str, body: str, meta: str = "") -> str:
    return f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: o{meta}}}\n{body}\n"


SLICE_OF = ", labels: {kubernetes.io/service-name: s}"
TUNNEL = ", annotations: {projectcalico.org/IPv4IPIPTunnelAddr: '%s'}"
NETWORKS = (
    "tier: Admin, priority: 1, subject: {namespaces: {}}, "
    "egress: [{action: Deny, to: [{networks: ['%s/%s']}]}]"
)
OBJECTS = {
    "pod": thing("v1", "Pod", "spec: {containers: []}\nstatus: {podIP: '%s'}"),
    "service": thing("v1", "Service", "spec: {clusterIP: '%s'}"),
    "slice": thing("discovery.k8s.io/v1", "EndpointSlice", "endpoints: [{addresses: ['%s']}]", SLICE_OF),
    "endpoints": thing("v1", "Endpoints", "subsets: [{addresses: [{ip: '%s'}]}]"),
    "node": thing("v1", "Node", "status: {addresses: [{type: InternalIP, address: '%s'}]}"),
    "annotation": thing("v1", "Node", "", TUNNEL),
    "podCIDR": thing("v1", "Node", "spec: {podCIDR: '%s/%s'}"),
    "pool": thing("crd.projectcalico.org/v1", "IPPool", "spec: {cidr: '%s/%s'}"),
    "ipBlock": thing(
        "networking.k8s.io/v1", "NetworkPolicy", "spec: {ingress: [{from: [{ipBlock: {cidr: '%s/%s'}}]}]}"
    ),
    "networks": thing("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", f"spec: {{{NETWORKS}}}"),
}


@pytest.mark.parametrize("place", OBJECTS)
@pytest.mark.parametrize(
    ("given", "warning"),
    [
        (("10.0.010.0", "28"), "has leading zeros: Kubernetes reads it as decimal"),
        (("::ffff:10.0.10.0", "124"), "is IPv4 written as IPv6: Kubernetes reads it as IPv4"),
    ],
)
def test_what_others_read_otherwise_is_warned_of_everywhere(
    load: Load, place: str, given: tuple[str, str], warning: str
) -> None:
    manifest = OBJECTS[place]
    (found,) = [one for one in load(manifest % given[: manifest.count("%s")]).warnings if warning in one]
    assert "taken as 10.0.10.0" in found
