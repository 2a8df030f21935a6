"""Addresses that no field holds are read from the annotations of network plugins."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowcheck.history.inventory import write_rows
from flowcheck.history.inventory.recording import rows_of
from flowcheck.model.cluster import Cluster
from flowcheck.reading import load_cluster, load_recording

Load = Callable[..., Cluster]
STATUS = "k8s.v1.cni.cncf.io/network-status"


def pod(networks: Any, **status: Any) -> str:
    text = networks if isinstance(networks, str) else json.dumps(networks)
    meta = {"name": "a", "namespace": "x", "annotations": {"other": "1", STATUS: text}}
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "status": status})


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
def test_multus_tells_the_addresses_of_further_interfaces(load: Load, name: str) -> None:
    networks = [
        {"name": "default", "ips": ["10.244.0.1"], "default": True},
        {"name": "x/n3", "ips": ["192.168.50.1/24", "FD50::1"], "mac": "02:00"},
        {"name": "x/n4"},
    ]
    (only,) = load(pod(networks, podIP="10.244.0.1"), name).pods
    assert only.addresses == ("10.244.0.1",)
    assert only.secondary_addresses == ("192.168.50.1", "fd50::1")


def test_what_status_has_is_no_further_interface(load: Load) -> None:
    """Older plugins mark no interface as the default one."""
    (only,) = load(
        pod([{"ips": ["10.244.0.1"]}, {"ips": ["192.168.50.1"]}], podIP="10.244.0.1"), "a.json"
    ).pods
    assert (only.addresses, only.secondary_addresses) == (("10.244.0.1",), ("192.168.50.1",))


def test_the_default_network_may_be_another_than_the_one_in_status(load: Load) -> None:
    """OVN-Kubernetes' primary networks of users; policies are for what comes there."""
    (only,) = load(pod([{"ips": ["10.20.0.3"], "default": True}], podIP="10.244.0.1"), "a.json").pods
    assert (only.addresses, only.secondary_addresses) == (("10.244.0.1", "10.20.0.3"), ())


@pytest.mark.parametrize(
    ("networks", "warning"),
    [
        ("{", f"its annotation {STATUS} cannot be read, so its other addresses are not known"),
        ('{"ips": 3}', f"its annotation {STATUS} cannot be read, so its other addresses are not known"),
        ([{"ips": ["10.0.0.300"]}], f"its annotation {STATUS} holds '10.0.0.300', which is no address"),
    ],
)
def test_what_cannot_be_read_is_said(load: Load, networks: Any, warning: str) -> None:
    cluster = load(pod(networks, podIP="10.244.0.1"), "a.json")
    assert [one.partition(": ")[2] for one in cluster.warnings] == [warning]
    assert cluster.pods[0].addresses == ("10.244.0.1",)


def through_inventory(folder: Path, text: str) -> Cluster:
    """A cluster as it comes out of the inventory that was made of it."""
    (folder / "a.json").write_text(text)
    kept = folder / "inventory.parquet"
    with kept.open("wb") as stream:
        write_rows(rows_of(load_recording([folder / "a.json"])), stream)
    return load_cluster([kept])


def test_an_inventory_keeps_them(tmp_path: Path) -> None:
    text = pod([{"ips": ["192.168.50.1", "192.168.51.1"]}], podIP="10.244.0.1")
    assert through_inventory(tmp_path, text).pods[0].secondary_addresses == ("192.168.50.1", "192.168.51.1")


# -- nodes -----------------------------------------------------------------------------------------------


def node(
    name: str = "n1", *, cidrs: tuple[str, ...] = ("10.42.1.0/24",), **annotations: Any
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"podCIDRs": list(cidrs)},
        "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]},
    }


def on_node(address: str, name: str = "n1", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": address.replace(":", "-"), "namespace": "x"},
        "spec": {"nodeName": name, **spec},
        "status": {"podIP": address},
    }


def listed(*objects: dict[str, Any]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


def likely(load: Load, *objects: dict[str, Any]) -> list[tuple[str, ...]]:
    return [one.likely_addresses for one in load(listed(*objects), "a.json").nodes]


@pytest.mark.parametrize(
    ("name", "value", "address"),
    [
        ("projectcalico.org/IPv4Address", "10.0.9.1/24", "10.0.9.1"),
        ("projectcalico.org/IPv6Address", "FD00::9/64", "fd00::9"),
        ("projectcalico.org/IPv4VXLANTunnelAddr", "10.42.1.0", "10.42.1.0"),
        ("projectcalico.org/IPv6VXLANTunnelAddr", "fd42::1", "fd42::1"),
        ("projectcalico.org/IPv4IPIPTunnelAddr", "10.42.1.1", "10.42.1.1"),
        ("projectcalico.org/IPv4WireguardInterfaceAddr", "10.42.1.3", "10.42.1.3"),
        ("projectcalico.org/IPv6WireguardInterfaceAddr", "fd42::3", "fd42::3"),
        ("flannel.alpha.coreos.com/public-ip", "192.0.2.1", "192.0.2.1"),
        ("flannel.alpha.coreos.com/public-ipv6", "2001:db8::1", "2001:db8::1"),
        ("network.cilium.io/ipv4-cilium-host", "10.42.1.9", "10.42.1.9"),
        ("io.cilium.network.ipv4-cilium-host", "10.42.1.9", "10.42.1.9"),
    ],
)
def test_annotations_tell_a_nodes_devices(load: Load, name: str, value: str, address: str) -> None:
    (only,) = load(json.dumps(node(**{name: value, "other": "10.42.1.99"})), "a.json").nodes
    assert only.device_addresses == (address,)


def test_a_devices_address_that_is_none_is_said_and_one_of_the_nodes_own_is_not_repeated(load: Load) -> None:
    name = "projectcalico.org/IPv4Address"
    cluster = load(listed(node("a", **{name: "10.0.0.1/24"}), node("b", **{name: "nonsense"})), "a.json")
    assert [one.device_addresses for one in cluster.nodes] == [(), ()]
    (warning,) = cluster.warnings
    assert warning.endswith(f"Node b: its annotation {name} holds 'nonsense', which is no address")


def test_a_bridge_is_likely_at_the_first_address_of_the_pods_range(load: Load) -> None:
    dual = node(cidrs=("10.42.1.0/24", "fd42:1::/64"))
    assert likely(load, dual, on_node("10.42.1.7"), on_node("fd42:1::7")) == [
        ("10.42.1.0", "10.42.1.1", "fd42:1::", "fd42:1::1")
    ]
    assert likely(load, dual, on_node("10.42.1.7")) == [("10.42.1.0", "10.42.1.1")]


@pytest.mark.parametrize(
    "objects",
    [
        (node(),),
        (node(), on_node("10.42.1.7", hostNetwork=True)),
        (node(), on_node("10.42.1.7", "n9")),
        (node(), on_node("10.42.1.7"), on_node("10.42.2.7")),
        (node(**{"network.cilium.io/ipv4-cilium-host": "10.42.1.77"}), on_node("10.42.1.7")),
        (node(cidrs=("10.42.1.7/32",)), on_node("10.42.1.7")),
    ],
    ids=["no pods", "host network", "elsewhere", "another range", "a device elsewhere", "one address"],
)
def test_no_bridge_is_guessed_where_pods_may_have_its_address(
    load: Load, objects: tuple[dict[str, Any], ...]
) -> None:
    assert set(likely(load, *objects)) <= {()}


def test_what_is_known_of_a_node_is_not_only_likely(load: Load) -> None:
    annotated = node(**{"projectcalico.org/IPv4VXLANTunnelAddr": "10.42.1.0"})
    assert likely(load, annotated, on_node("10.42.1.7")) == [("10.42.1.1",)]


def test_an_inventory_keeps_devices_and_guesses_anew(tmp_path: Path) -> None:
    cilium = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNode",
        "metadata": {"name": "n2"},
        "spec": {"addresses": [{"type": "CiliumInternalIP", "ip": "10.43.0.1"}]},
    }
    text = listed(node(), node("n2", cidrs=()), cilium, on_node("10.42.1.7"))
    first, second = through_inventory(tmp_path, text).nodes
    assert (first.device_addresses, first.likely_addresses) == ((), ("10.42.1.0", "10.42.1.1"))
    assert (second.device_addresses, second.likely_addresses) == (("10.43.0.1",), ())
