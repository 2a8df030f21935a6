"""Generated worlds are what they say: sizes, shapes, and policies that allow exactly the allowed edges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import flowcheck
from benchmarks import generate
from benchmarks.answers import Checker
from benchmarks.inputs import manifests, named, records, world
from benchmarks.inputs.records import DAY
from benchmarks.inputs.sizes import SIZES
from benchmarks.programs import Checkout
from flowcheck.model.instants import instant_of
from flowcheck.reference import Reference, Tuple5

TINY = SIZES["tiny"]
N_FLOWS = 20_000


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("world")
    generate.generate(TINY, directory, "strings", N_FLOWS, seed=3)
    return directory


def test_same_seed_gives_the_same_flows(directory: Path, tmp_path: Path) -> None:
    generate.generate(TINY, tmp_path, "strings", N_FLOWS, seed=3)
    assert pq.read_table(tmp_path / "flows").equals(pq.read_table(directory / "flows"))


def test_files_hold_the_flows_sorted_by_time(directory: Path) -> None:
    times = pq.read_table(directory / "flows", columns=["start_time"])["start_time"].to_numpy()
    assert len(times) == N_FLOWS
    assert (times[:-1] <= times[1:]).all()


def test_a_third_of_the_records_were_replies(directory: Path) -> None:
    initiator = pq.read_table(directory / "flows", columns=["initiator"])["initiator"].to_numpy()
    assert (initiator == 2).mean() == pytest.approx(1 / 3, abs=0.02)


def test_numbers_are_the_same_addresses_as_strings(directory: Path, tmp_path: Path) -> None:
    generate.generate(TINY, tmp_path, "ints", N_FLOWS, seed=3)
    numbers = pq.read_table(tmp_path / "flows", columns=["dst_ip"])["dst_ip"].to_pylist()
    texts = pq.read_table(directory / "flows", columns=["dst_ip"])["dst_ip"].to_pylist()
    assert [".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0)) for number in numbers] == texts


def test_pods_are_as_many_as_the_size_says() -> None:
    for size in (TINY, SIZES["small"]):
        planned = world.build(size, seed=1)
        kinds = [document["kind"] for document in manifests.cluster(planned)]
        assert kinds.count("Pod") == size.n_pods
        assert kinds.count("Namespace") == size.n_namespaces


def test_every_edge_gets_a_slot() -> None:
    weight = np.array([0.999999999, 0.000000001])
    assert set(records.slots(weight)) == {0, 1}


def test_reference_allows_exactly_the_allowed_edges(directory: Path) -> None:
    """About one record in a hundred violates a policy, and a few in a hundred cannot be resolved."""
    planned = world.build(TINY, seed=3)
    reference = Reference(flowcheck.load_cluster([str(directory / "cluster")]))
    shares = {"allow": 0.0, "deny": 0.0, "unknown": 0.0}
    forwarded_denied = 0.0
    edges = planned.edges
    for src, dst, port, protocol, action, weight in zip(*vars(edges).values(), strict=True):
        ends = [planned.addresses[planned.first[group]] for group in (src, dst)]
        verdict = reference.judge(Tuple5(*ends, int(protocol), int(port), at=instant_of(DAY))).verdict
        shares[verdict] += weight
        forwarded_denied += weight * (verdict == "deny" and action == world.ALLOWED)
    total = sum(world.SHARES.values())
    assert shares["unknown"] == pytest.approx(world.SHARES["unresolved"] / total)
    assert forwarded_denied == pytest.approx(0.01 / total)
    assert shares["deny"] == pytest.approx((0.01 + world.SHARES["denied_as_meant"]) / total)


def test_flows_over_manifests_without_pods_go_by_name(tmp_path: Path) -> None:
    manifest = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: %s, namespace: shop}
        spec:
          selector: {matchLabels: {app: %s}}
          template:
            metadata: {labels: {app: %s}}
            spec: {containers: [{name: main, image: x, ports: [{containerPort: 8080}]}]}
    """
    for name in ("front", "back"):
        (tmp_path / f"{name}.yaml").write_text(manifest % (name, name, name))
    cluster = flowcheck.load_cluster([str(tmp_path)])
    named.write(cluster, tmp_path / "flows", 1_000, seed=1)
    flows = pq.read_table(tmp_path / "flows")
    assert flows["src_ip"].null_count == flows.num_rows == 1_000
    assert set(flows["src_workload"].to_pylist()) == {"front", "back"}
    assert set(flows["dst_port"].to_pylist()) == {8080}


@pytest.mark.slow
@pytest.mark.parametrize("addresses", ["strings", "ints"])
def test_answers_agree(tmp_path: Path, addresses: records.Addresses) -> None:
    generate.generate(TINY, tmp_path / "world", addresses, N_FLOWS, seed=5)
    checker = Checker(Checkout(), tmp_path / "world" / "cluster")
    counts = checker.check(tmp_path / "world", tmp_path / "scratch", sample=300)
    assert counts["allow"] + counts["deny"] + counts["unknown"] + counts["not_applicable"] == N_FLOWS
