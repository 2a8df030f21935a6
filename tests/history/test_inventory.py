"""An inventory reads back as the cluster it was written from; other programs may write one too."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck.errors import ManifestError
from flowcheck.history.inventory import write_rows
from flowcheck.history.inventory.columns import SCHEMA
from flowcheck.history.inventory.recording import rows_of, span
from flowcheck.model.cluster import Cluster, ContainerPort, Workload
from flowcheck.model.protocols import TCP
from flowcheck.model.timeline import BEGINNING, END
from flowcheck.reading import load_cluster, load_recording
from tests.history.timed import (
    Json,
    at,
    event,
    life,
    namespace,
    pod,
    policy,
    seen,
    slice_of,
    snapshot,
    thing,
    watch,
)

PARTS = ("namespaces", "nodes", "pods", "services", "slices", "policies", "ranges", "accounts")


def written(paths: Any, target: Path, **options: Any) -> Cluster:
    """The cluster under the paths, after its inventory was written to the target."""
    recording = load_recording(paths, **options)
    with target.open("wb") as stream:
        write_rows(rows_of(recording), stream)
    return recording.cluster


def assert_same(read: Cluster, cluster: Cluster) -> None:
    for part in PARTS:
        assert getattr(read, part) == getattr(cluster, part), part


def test_everything_comes_back(tmp_path: Path) -> None:
    """Every kind, every phase, compact JSON and YAML with its lines, exact and rough edges."""
    (tmp_path / "in").mkdir()
    owned = {"ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "controller": True}]}
    port = {"containerPort": 80, "name": "http", "hostPort": 8080, "hostIP": "10.0.0.2"}
    spec = {
        "nodeName": "n2",
        "containers": [{"ports": [port, {"containerPort": 53}]}],
        "initContainers": [
            {"ports": [{"containerPort": 81, "name": "mesh"}], "restartPolicy": "Always"},
            {"ports": [{"containerPort": 82, "name": "db"}]},
        ],
        "serviceAccountName": "robot",
    }
    service = {
        "clusterIP": "10.96.0.1",
        "selector": {"app": "a"},
        "ports": [{"port": 80, "targetPort": "http"}],
    }
    template = {"template": {"metadata": {"labels": {"app": "t"}}, "spec": spec}}
    cluster_scoped: list[Json] = [
        thing("ServiceAccount", "robot", "v1", labels={"role": "web"}),
        thing(
            "Node",
            "n1",
            "v1",
            namespace=None,
            labels={"zone": "a"},
            spec={"podCIDRs": ["10.1.0.0/24"]},
            status={"addresses": [{"type": "InternalIP", "address": "10.9.0.1"}]},
        ),
        namespace("x", labels={"team": "a"}),
        thing("IPPool", "pool", "projectcalico.org/v3", namespace=None, spec={"cidr": "10.0.0.0/16"}),
        thing(
            "ClusterNetworkPolicy",
            "c",
            "policy.networking.k8s.io/v1alpha2",
            namespace=None,
            spec={"tier": "Admin", "priority": 5, "subject": {"namespaces": {}}, "ingress": []},
        ),
    ]
    labels = {"pod-template-hash": "1"}
    linked = {"ownerReferences": [{"kind": "ReplicaSet", "name": "linked-1", "controller": True}]}
    networks = {"k8s.v1.cni.cncf.io/network-status": '[{"ips": ["192.168.50.1", "192.168.51.1"]}]'}
    for clock, app in (("10:00", "a"), ("10:05", "b")):
        snapshot(
            tmp_path / "in",
            clock,
            *cluster_scoped,
            pod(started="09:00", app=app, spec=spec, status={"hostIP": "10.9.0.2"}),
            pod("own-rs", "10.0.0.7", metadata={**owned, "labels": labels}),
            thing("ReplicaSet", "web-1", "apps/v1", spec=template),
            pod("linked", "10.0.0.6", metadata={**linked, "labels": labels, "annotations": networks}),
            pod("dual", "10.0.0.8", status={"podIPs": [{"ip": "10.0.0.8"}, {"ip": "fd00::8"}]}),
            pod("host", "10.9.0.1", spec={"hostNetwork": True, "nodeName": "n1"}),
            pod("done", "10.0.0.9", status={"phase": "Failed"}),
            thing("CronJob", "nightly", "batch/v1", spec={"jobTemplate": {"spec": template}}),
            thing("Deployment", "idle", "apps/v1", spec=template),
            thing(
                "Service",
                "s",
                "v1",
                spec=service,
                status={"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
            ),
            slice_of("s-1", "10.0.0.1"),
            thing(
                "Endpoints", "hand", "v1", subsets=[{"addresses": [{"ip": "10.0.0.2"}]}, {"addresses": []}]
            ),
            policy(created="08:00"),
        )
    snapshot(tmp_path / "in", "10:10", *cluster_scoped[1:], namespace("y"))
    watch(
        tmp_path / "in",
        event("MODIFIED", policy(port=81, created="08:00"), "10:02:30.5"),
        event("MODIFIED", namespace("x", labels={"team": "b"}), "10:03"),
    )
    (tmp_path / "in" / "more.yaml").write_text(
        "# a comment\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        "metadata:\n  name: lines\n  namespace: x\nspec:\n  podSelector:\n    matchLabels:\n      app: a\n"
        "  egress:\n\n  - to:\n    - ipBlock:\n        cidr: 10.0.0.0/8\n\n  - ports:\n    - port: 80\n"
    )
    cluster = written(tmp_path / "in", tmp_path / "inventory.parquet")
    assert {one.template for one in cluster.pods} == {True, False}
    assert {one.name for one in cluster.pods if one.owners and one.secondary_addresses} == {"linked"}
    assert [rule.source.line for rule in seen(cluster, "policies", "lines")[0].egress] == [13, 17]
    assert_same(load_cluster(tmp_path / "inventory.parquet"), cluster)
    again = written(tmp_path / "inventory.parquet", tmp_path / "again.parquet")
    assert_same(again, cluster)
    assert pq.read_table(tmp_path / "again.parquet").equals(pq.read_table(tmp_path / "inventory.parquet"))


CLOCKS = ("10:00", "10:05", "10:10")
NAMES = st.sampled_from(["a", "b"])
PODS = st.builds(
    lambda name, ip, app, uid, started, phase: pod(
        name, f"10.0.0.{ip}" if ip else "", started, app=app, uid=uid, status={"phase": phase}
    ),
    NAMES,
    st.integers(0, 3),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from(["", "09:00", "10:02"]),
    st.sampled_from(["Running", "Pending", "Failed"]),
)
POLICIES = st.builds(lambda name, port, uid: policy(name, port, uid=uid), NAMES, st.integers(80, 82), NAMES)
SPACES = st.builds(lambda team: namespace("x", labels={"team": team}), NAMES)
OBJECTS = st.lists(
    st.one_of(PODS, POLICIES, SPACES, st.just(slice_of("s-1", "10.0.0.1"))),
    max_size=5,
    unique_by=lambda one: (one["kind"], one["metadata"]["name"]),
)
EVENTS = st.lists(
    st.builds(
        event,
        st.sampled_from(["ADDED", "MODIFIED", "DELETED"]),
        st.one_of(PODS, POLICIES, SPACES),
        st.sampled_from(["", "10:01", "10:05", "10:07:00.5"]),
    ),
    max_size=5,
)


@given(snapshots=st.lists(OBJECTS, min_size=1, max_size=3), events=EVENTS)
@settings(max_examples=150, deadline=None)
def test_any_history_comes_back(snapshots: list[list[Json]], events: list[Json]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for clock, objects in zip(CLOCKS, snapshots, strict=False):
            snapshot(folder, clock, *objects)
        watch(folder, *events)
        if not events and not any(snapshots):
            return
        cluster = written(folder, folder / "inventory.parquet")
        for objects in (cluster.nodes, cluster.pods, cluster.policies, cluster.slices):
            for one in objects:
                assert one.lifetime.start < one.lifetime.end
                assert one.lifetime.sure_start >= one.lifetime.start
                assert one.lifetime.sure_end <= one.lifetime.end
        if cluster.namespaces or cluster.nodes:
            assert_same(load_cluster(folder / "inventory.parquet"), cluster)


def test_a_watch_goes_on_from_an_inventory(tmp_path: Path) -> None:
    """As it would have from the inputs that the inventory was made of."""
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    for clock, app in (("10:00", "a"), ("10:05", "b")):
        snapshot(tmp_path / "before", clock, pod(started="09:00", app=app), policy(created="08:00"))
    watch(
        tmp_path / "after",
        event("MODIFIED", pod(started="09:00", app="c"), "10:10"),
        event("MODIFIED", policy(port=81, created="08:00"), "10:10"),
    )
    written(tmp_path / "before", tmp_path / "inventory.parquet")
    whole = load_cluster([tmp_path / "before", tmp_path / "after"])
    resumed = load_cluster([tmp_path / "inventory.parquet", tmp_path / "after"])
    assert [(one.labels, one.lifetime) for one in seen(resumed)] == [
        (one.labels, one.lifetime) for one in seen(whole)
    ]
    assert [one.lifetime for one in seen(resumed, "policies", "n")] == [
        one.lifetime for one in seen(whole, "policies", "n")
    ]


def test_the_table_is_as_documented(tmp_path: Path) -> None:
    snapshot(
        tmp_path, "10:00", pod(started="09:00", status={"podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]})
    )
    written(tmp_path / f"state-{'2026-03-10T10:00:00Z'}.json", tmp_path / "i.parquet")
    table = pq.read_table(tmp_path / "i.parquet")
    assert table.schema.equals(SCHEMA)
    rows = [row for row in table.to_pylist() if row["kind"] == "pod"]
    assert [row["ip"] for row in rows] == ["10.0.0.1", "fd00::1"]
    assert rows[0]["valid_to"] is None
    assert rows[0]["edge_quality"] == "inferred"
    assert rows[0]["labels"] == [("app", "a")]


def test_the_documents_name_every_column() -> None:
    page = (Path(__file__).parents[2] / "docs" / "inventory.md").read_text()
    assert [name for name in SCHEMA.names if f"`{name}`" not in page] == []


def table(**columns: Any) -> Callable[[Path], Path]:
    """A function that writes such a table into a folder."""

    def write(folder: Path) -> Path:
        pq.write_table(pa.table(columns), folder / "cmdb.parquet")
        return folder / "cmdb.parquet"

    return write


TIMES = pa.array([at("10:00") * 1000, None], pa.timestamp("ns", tz="Europe/Paris"))
LABELS = pa.array([[("app", "a")], None], pa.map_(pa.string(), pa.string()))


def test_a_table_of_another_program(tmp_path: Path) -> None:
    """The least that says which pod had which address when."""
    path = table(
        kind=["pod", "pod"],
        namespace=pa.array(["x", "x"]).dictionary_encode(),
        name=["p", "q"],
        ip=["10.0.0.1", "10.0.0.2"],
        valid_from=TIMES,
        valid_to=pa.array([at("11:00") // 1_000_000, None], pa.timestamp("s")),
        labels=LABELS,
        more=[1, 2],
    )(tmp_path)
    cluster = load_cluster(path)
    first, second = cluster.pods
    assert (first.labels, first.addresses, first.lifetime) == (
        {"app": "a"},
        ("10.0.0.1",),
        life("10:00", "11:00", "10:00", "11:00"),
    )
    assert second.lifetime == life(BEGINNING, END, BEGINNING, END)
    assert str(second.source) == f"{path}:2"
    assert second.workload == Workload("Pod", "x", "q")


def test_rows_that_differ_only_in_their_address_are_one_pod(tmp_path: Path) -> None:
    path = table(kind=["pod"] * 2, name=["p"] * 2, ip=["10.0.0.1", "fd00::1"])(tmp_path)
    assert [one.addresses for one in load_cluster(path).pods] == [("10.0.0.1", "fd00::1")]


def test_ports_and_owners(tmp_path: Path) -> None:
    ports = pa.array(
        [[{"name": "http", "protocol": None, "port": 80}]],
        pa.list_(pa.struct([("name", pa.string()), ("protocol", pa.string()), ("port", pa.int64())])),
    )
    path = table(kind=["pod"], name=["p"], owner_kind=["Deployment"], owner_name=["web"], named_ports=ports)(
        tmp_path
    )
    (only,) = load_cluster(path).pods
    assert only.ports == (ContainerPort("http", 80, TCP),)
    assert str(only.workload) == "default/Deployment/web"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"kind": ["pod"]}, "it has no column name"),
        ({"name": ["p"]}, "it has no column kind"),
        ({"kind": ["pod"], "name": [7]}, "column name is of type int64, not string"),
        ({"kind": ["pod"], "name": ["p"], "valid_from": ["now"]}, "column valid_from is of type string"),
        ({"kind": ["pod"], "name": ["p"], "labels": ["app=a"]}, "column labels is of type string"),
        ({"kind": ["pod"], "name": ["p"], "host_network": ["yes"]}, "column host_network is of type string"),
        ({"kind": ["pod"], "name": ["p"], "named_ports": [[80]]}, "column named_ports"),
        ({"kind": ["pod"], "name": [None]}, "cmdb.parquet:1: the row has no name"),
        ({"kind": ["host"], "name": ["p"]}, "cmdb.parquet:1: is of no known kind"),
        ({"kind": ["pod"], "name": ["../p"]}, "cmdb.parquet:1 metadata.name"),
        ({"kind": ["pod"], "name": ["p"], "ip": ["10.0.0.256"]}, "cmdb.parquet:1 status.podIPs"),
        (
            {"kind": ["pod"], "name": ["p"], "source": ["b.yaml:7"], "ip": ["no"]},
            "cmdb.parquet:1 status.podIPs",
        ),
        ({"kind": ["service"], "name": ["s"]}, "cmdb.parquet:1: a service needs a document"),
        ({"kind": ["policy"], "name": ["s"], "document": ["{"]}, "cmdb.parquet:1"),
        (
            {"kind": ["policy"], "name": ["s"], "document": [json.dumps(pod())]},
            "whose document is of kind Pod",
        ),
        (
            {"kind": ["policy"], "name": ["s"], "document": [json.dumps(policy(port=0))]},
            "cmdb.parquet:1 spec.ingress",
        ),
        ({"kind": ["pod"] * 2, "name": ["p"] * 2, "cluster": ["a", "b"]}, "it is of several clusters"),
        (
            {
                "kind": ["pod"],
                "name": ["p"],
                "valid_from": pa.array([2], TIMES.type),
                "valid_to": pa.array([1], TIMES.type),
            },
            "valid_to that is not after its valid_from",
        ),
        (
            {"kind": ["pod"], "name": ["p"], "valid_to": pa.array([-(10**6)], pa.timestamp("s"))},
            "has a valid_to outside the years 1970 to 9999",
        ),
    ],
)
def test_tables_that_are_wrong_are_located_problems(tmp_path: Path, columns: Any, message: str) -> None:
    path = table(**columns)(tmp_path)
    with pytest.raises(ManifestError) as caught:
        load_cluster(path)
    assert message in str(caught.value.problems[0])
    assert "cmdb.parquet" in str(caught.value.problems[0])


@pytest.mark.parametrize("cut", [4, 20, 300])
def test_a_damaged_table_is_a_located_problem(tmp_path: Path, cut: int) -> None:
    path = table(kind=["pod"], name=["p"])(tmp_path)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ManifestError) as caught:
        load_cluster(path)
    assert "is no inventory" in caught.value.problems[0].message


def test_any_damaged_byte_leaves_a_cluster_or_a_problem(tmp_path: Path) -> None:
    """Of pages, and of the footer's length: some bits inside footers end the process of pyarrow 26.0.1."""
    path = table(kind=["pod"] * 3, name=["p", "q", "r"], ip=["10.0.0.1"] * 3, labels=[None] * 3)(tmp_path)
    whole = path.read_bytes()
    pages = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    for place in (*range(4, pages, 3), *range(len(whole) - 8, len(whole))):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            assert len(load_cluster(path, keep_going=True).pods) <= 3
        except ManifestError as error:
            assert error.problems or error.message  # noqa: PT017 (either is fine; a crash is not)


def test_a_kept_row_among_bad_ones(tmp_path: Path) -> None:
    path = table(kind=["pod", "pod"], name=["p", "-"])(tmp_path)
    cluster = load_cluster(path, keep_going=True)
    assert [one.name for one in cluster.pods] == ["p"]
    assert [one.reason.startswith("refused: ") for one in cluster.skipped] == [True]


def test_the_span_of_a_history(tmp_path: Path) -> None:
    snapshot(tmp_path, "", pod())
    assert span(load_recording(tmp_path)) is None
    snapshot(tmp_path, "10:00", pod("q", "10.0.0.2", "09:00"), name="b")
    assert span(load_recording(tmp_path)) == (at("09:00"), at("10:00"))


def test_annotations_and_secrets_are_not_kept(tmp_path: Path) -> None:
    secret = {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "hunter2"}}
    env = {"containers": [{"env": [{"name": "PASSWORD", "value": "hunter2"}]}]}
    snapshot(tmp_path, "", pod(spec=env, metadata=secret), policy(metadata=secret))
    stream = io.BytesIO()
    write_rows(rows_of(load_recording(tmp_path)), stream)
    assert "hunter2" not in repr(pq.read_table(pa.BufferReader(stream.getvalue())).to_pylist())
