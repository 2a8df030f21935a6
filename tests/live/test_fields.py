"""What a snapshot keeps is what the readers take: by their own structures, and by what they make of it."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

import flowcheck.objects
from flowcheck.kinds import KINDS, ONLY_CALLED, Role
from flowcheck.live.fields import ANNOTATIONS, CONFIGURED, META, OBJECTS, tree_of
from flowcheck.live.pruning import pruned
from flowcheck.manifests.stored import STORED
from flowcheck.model.cluster import Cluster
from flowcheck.objects import devices, nodes, pods, ranges, services, slices, times, workloads
from flowcheck.objects.network import address_sets, agents, cidr_groups, tiers
from flowcheck.objects.shared import LabelledObject, ObjectMeta
from flowcheck.objects.slices import SERVICE_NAME_LABEL
from flowcheck.reading import load_cluster
from tests.live.samples import NOBODYS, ROOT, SAMPLES, sample, with_more

BY_KIND = {(one.group, one.kind): one for one in KINDS}
WORKLOADS = [one.kind for one in KINDS if one.role is Role.WORKLOAD and one.kind != "CronJob"]
STRUCTURES: dict[str, Any] = {
    "Pod": pods._Pod,
    "Node": nodes._Node,
    "Service": services._Service,
    "EndpointSlice": slices._Slice,
    "Endpoints": slices._Endpoints,
    "ServiceAccount": LabelledObject,
    "CiliumNode": devices._CiliumNode,
    "NetworkSet": address_sets._Object,
    "HostEndpoint": address_sets._Object,
    "Tier": tiers._Object,
    "CiliumCIDRGroup": cidr_groups._Group,
    "ConfigMap": agents._ConfigMap,
    **dict.fromkeys(WORKLOADS, workloads._Workload),
}
"""What readers decode, by kind."""
ELSEWHERE = {
    "NetworkSet": ("spec.node", "spec.interfaceName", "spec.expectedIPs", "spec.ports", "spec.profiles"),
    "HostEndpoint": ("spec.nets",),
    **dict.fromkeys(
        WORKLOADS, ("spec.jobTemplate", *(f"spec.template.metadata.{one}" for one in ("uid", "cr", "owner")))
    ),
}
"""Fields that structures share with other kinds, which this one does not have."""


def paths(structure: Any, prefix: str = "") -> Iterator[str]:
    """The paths of all that a structure decodes."""
    for field in msgspec.structs.fields(structure):
        path = f"{prefix}{field.encode_name}"
        inner = [
            one for one in _parts(field.type) if isinstance(one, type) and issubclass(one, msgspec.Struct)
        ]
        if not inner:
            yield path
        for one in inner:
            yield from paths(one, f"{path}.")


def _parts(kind: Any) -> Iterator[Any]:
    if typing.get_origin(kind) in (typing.Union, types.UnionType, list):
        for one in typing.get_args(kind):
            yield from _parts(one)
    else:
        yield kind


def is_kept(path: str, kind: str) -> bool:
    names = path.split(".")
    below = tree_of([*(f"metadata.{one}" for one in (*META, "annotations")), *OBJECTS[kind]])
    for name in names:
        if name not in below:
            return False
        below = below[name]
        if not below:
            return True
    return False


@pytest.mark.parametrize("kind", STRUCTURES)
def test_every_field_that_a_reader_decodes_is_kept(kind: str) -> None:
    others = ELSEWHERE.get(kind, ())
    lost = [
        path
        for path in paths(STRUCTURES[kind])
        if not path.startswith(tuple(others)) and not is_kept(path, kind)
    ]
    assert lost == []


@pytest.mark.parametrize("kind", [one.kind for one in KINDS if one.role is Role.RANGE])
def test_every_range_of_a_kind_is_kept(kind: str) -> None:
    kept = set(OBJECTS[kind])
    assert kept <= set(paths(ranges._Object)) | {"spec.ipv4", "spec.ipv6"}
    assert kept & {"spec.cidr", "spec.ipv4", "spec.ipv4.cidrs", "spec.clusterNetwork.cidr"}


def test_every_time_that_an_object_tells_of_itself_is_kept() -> None:
    """But for conditions of other objects than pods: they date only events that bear no time."""
    assert [path for path in paths(times._Object) if not is_kept(path, "Pod")] == ["spec.finalizers"]
    assert is_kept("spec.finalizers", "Namespace")
    assert not [path for path in paths(ObjectMeta) if path.partition(".")[0] not in " ".join(META)]


def test_every_kind_that_is_read_is_in_the_table() -> None:
    assert {one.kind for one in KINDS if one.role not in (Role.POLICY, Role.ROUTE)} == OBJECTS.keys()
    assert CONFIGURED.keys() == ONLY_CALLED["", "ConfigMap"]


def test_every_annotation_that_the_readers_name_is_kept() -> None:
    """Constants of the readers that look like an annotation's name."""
    named = set()
    for module in pkgutil.walk_packages(flowcheck.objects.__path__, "flowcheck.objects."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, str) and re.fullmatch(r"[a-z0-9.]+/[\w-]+", value):
                named.add(value)
    others = {SERVICE_NAME_LABEL, STORED, address_sets._RESERVED}  # labels, and a version
    assert len(named) > 15
    assert named - others <= ANNOTATIONS


def test_every_setting_of_the_agents_that_is_read_is_kept() -> None:
    source = Path(agents.__file__).read_text()
    asked = {text.split('"')[1] for text in source.split("given.")[1:] if text.split("(")[1][:1] == '"'}
    assert asked == set(CONFIGURED["cilium-config"])


def listed(documents: list[dict[str, Any]], prune: bool, path: Path) -> Cluster:
    """The cluster of these objects, each on a line of its own, as a snapshot has them."""
    kept = []
    for one in documents:
        group, _, version = one["apiVersion"].rpartition("/")
        kind = BY_KIND.get((group, one["kind"]))
        kept.append(pruned(kind, version, one) if prune and kind is not None else one)
    lines = ",\n".join(json.dumps(one) for one in kept)
    path.write_text('{"apiVersion":"v1","kind":"List","items":[\n' + lines + "\n]}")
    return replace(load_cluster([path], at=1773136800000000), inputs={})


@pytest.mark.parametrize("name", SAMPLES)
def test_a_pruned_cluster_is_the_same_cluster(name: str, tmp_path: Path) -> None:
    documents = [one for one in with_more(sample(name)) if one["kind"] != "Secret"]
    path = tmp_path / "cluster.json"
    whole = listed(documents, False, path)
    assert NOBODYS in path.read_text()
    assert listed(documents, True, path) == whole
    assert NOBODYS not in path.read_text()


CASES = sorted(ROOT.glob("tests/cases/**/*.yaml"))


def test_the_clusters_of_all_cases_are_the_same_when_they_are_pruned(tmp_path: Path) -> None:
    import yaml

    seen = 0
    for file in CASES:
        documents: list[dict[str, Any]] = []
        for document in yaml.safe_load_all(file.read_text()):
            documents += _objects_in(document)
        if not documents:
            continue
        text = json.dumps(documents, default=str)
        try:
            whole = listed(json.loads(text), False, tmp_path / "case.json")
        except flowcheck.ManifestError:
            continue
        seen += 1
        assert listed(json.loads(text), True, tmp_path / "case.json") == whole, file
    assert seen > 20


def _objects_in(value: Any) -> list[dict[str, Any]]:
    """Objects, however deep they stand in a case."""
    if isinstance(value, list):
        return [found for one in value for found in _objects_in(one)]
    if not isinstance(value, dict):
        return []
    if (
        isinstance(value.get("kind"), str)
        and isinstance(value.get("apiVersion"), str)
        and "metadata" in value
    ):
        return [value] if "name" in value["metadata"] else []  # a server gives each object a name
    return [found for one in value.values() for found in _objects_in(one)]
