"""Addresses that no field holds are read from the annotations of network plugins."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowcheck.inventory import write_rows
from flowcheck.loading import load_cluster, load_recording
from flowcheck.manifests.record import rows_of
from flowcheck.model.cluster import Cluster

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
        ("[" * 100_000, f"its annotation {STATUS} cannot be read, so its other addresses are not known"),
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
