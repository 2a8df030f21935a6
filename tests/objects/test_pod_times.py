"""What a pod tells of its own lifetime, in a dump that has no time of its own and in one that has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowcheck.model.cluster import Cluster
from flowcheck.model.timeline import ALWAYS, BEGINNING, END, Lifetime
from flowcheck.reading import load_cluster
from tests.history.timed import at, life, pod, seen, snapshot, stamp


def ready_to_start(clock: str, status: str = "True") -> dict[str, Any]:
    condition = {"type": "PodReadyToStartContainers", "status": status, "lastTransitionTime": stamp(clock)}
    return {"conditions": [condition]}


def running(clock: str) -> dict[str, Any]:
    return {"state": {"running": {"startedAt": stamp(clock)}}}


def ended(start: str, end: str | None) -> dict[str, Any]:
    return {"state": {"terminated": {"startedAt": stamp(start), "finishedAt": end and stamp(end)}}}


def restarted(first: str, now: str) -> dict[str, Any]:
    return {**running(now), "lastState": ended(first, now)["state"]}


@pytest.fixture
def single(tmp_path: Path) -> Any:
    """The one pod of a dump."""

    def load(*, clock: str = "", **parts: Any) -> Any:
        snapshot(tmp_path, clock, pod(**parts))
        (only,) = load_cluster(tmp_path).pods
        return only

    return load


@pytest.mark.parametrize(
    ("parts", "start", "sure"),
    [
        ({"started": "09:00", "created": "08:59"}, "09:00", "09:00"),
        ({"created": "08:59"}, "08:59", "08:59"),
        ({"started": "09:00", "status": ready_to_start("09:01")}, "09:00", "09:01"),
        ({"started": "09:00", "status": ready_to_start("09:01", "False")}, "09:00", "09:00"),
        ({"started": "09:00", "status": {"containerStatuses": [running("09:02")]}}, "09:00", "09:02"),
        (
            {
                "started": "09:00",
                "status": {
                    "initContainerStatuses": [ended("09:01", "09:02")],
                    "containerStatuses": [restarted("09:03", "09:30")],
                },
            },
            "09:00",
            "09:01",
        ),
        ({"started": "09:00", "status": {"containerStatuses": [running("08:00")]}}, "09:00", "09:00"),
    ],
)
def test_the_start_of_a_pod(single: Any, parts: Any, start: str, sure: str) -> None:
    assert single(**parts).lifetime == life(start, END, sure, END)


def test_a_pod_without_times_always_was(single: Any) -> None:
    assert single().lifetime == ALWAYS


def test_a_container_alone_tells_only_what_is_sure(single: Any) -> None:
    only = single(status={"containerStatuses": [running("09:02")]})
    assert only.lifetime == life(BEGINNING, END, "09:02", END)


def test_the_zero_time_is_none(single: Any) -> None:
    assert single(status={"startTime": "0001-01-01T00:00:00Z"}).lifetime == ALWAYS


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_finished_pod_ends_with_its_last_container(single: Any, phase: str) -> None:
    statuses = [ended("09:01", "09:10"), ended("09:01", "09:20"), ended("09:01", None)]
    only = single(started="09:00", status={"phase": phase, "containerStatuses": statuses})
    assert only.lifetime == life("09:00", "09:20", "09:01", "09:20")
    assert not only.finished


def test_a_finished_pod_of_which_nobody_knows_when(single: Any) -> None:
    only = single(started="09:00", status={"phase": "Failed"})
    assert only.finished
    assert only.lifetime.end == END


def test_a_dated_dump_shows_the_address(single: Any) -> None:
    """Without better word, the pod surely had it when it was seen with it."""
    assert single(clock="10:00", started="09:00").lifetime == life("09:00", END, "10:00", "10:00")


def test_a_pod_that_waits_for_its_address_is_not_a_version(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod(ip="", created="09:59", status={"phase": "Pending"}))
    snapshot(tmp_path, "10:05", pod(started="10:01", created="09:59", spec={"nodeName": "n"}))
    (only,) = seen(load_cluster(tmp_path))
    assert (only.addresses, only.node, only.ready) == (("10.0.0.1",), "n", True)
    assert only.lifetime == life("10:01", END, "10:05", "10:05")


def test_a_pod_that_was_running_ends_when_it_says_so(tmp_path: Path) -> None:
    """Later sightings of it tell nothing more; that it is no longer ready is no version."""
    snapshot(tmp_path, "10:00", pod(started="09:00"))
    done = {
        "phase": "Succeeded",
        "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [ended("09:01", "10:03")],
    }
    for clock in ("10:05", "10:10"):
        snapshot(tmp_path, clock, pod(started="09:00", status=done))
    (only,) = seen(load_cluster(tmp_path))
    assert only.ready
    assert only.lifetime == life("09:00", "10:03", "09:01", "10:03")


def test_a_pod_that_finished_some_time_between_two_snapshots(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod(started="09:00"))
    for clock in ("10:05", "10:10"):
        snapshot(tmp_path, clock, pod(started="09:00", status={"phase": "Failed"}))
    (only,) = seen(load_cluster(tmp_path))
    assert not only.finished
    assert only.lifetime == life("09:00", "10:05", "10:00", "10:00")


def test_a_pod_first_seen_finished_stays_out(tmp_path: Path) -> None:
    for clock in ("10:00", "10:05"):
        snapshot(tmp_path, clock, pod(started="09:00", status={"phase": "Failed"}))
    (only,) = seen(load_cluster(tmp_path))
    assert only.finished


def test_readiness_makes_versions(tmp_path: Path) -> None:
    for clock, ready in (("10:00", "True"), ("10:05", "False"), ("10:10", "True")):
        status = {"conditions": [{"type": "Ready", "status": ready}]}
        snapshot(tmp_path, clock, pod(started="09:00", status=status))
    assert [one.ready for one in seen(load_cluster(tmp_path))] == [True, False, True]


def test_a_pod_on_the_host_network_has_a_lifetime_too(single: Any) -> None:
    only = single(started="09:00", spec={"hostNetwork": True})
    assert only.host_network
    assert only.lifetime.start == at("09:00")


def test_a_template_stands_where_all_pods_ended(tmp_path: Path) -> None:
    """As for a pod of which nobody knows when it ended."""
    owned = {"ownerReferences": [{"kind": "Job", "name": "once", "controller": True}]}
    done = {"phase": "Succeeded", "containerStatuses": [ended("09:00", "09:10")]}
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "once", "namespace": "x"},
        "spec": {"template": {}},
    }
    snapshot(tmp_path, "", job, pod(metadata=owned, status=done))
    cluster: Cluster = load_cluster(tmp_path)
    assert [(one.name, one.template) for one in cluster.pods] == [("p", False), ("once", True)]
    assert cluster.pods[0].lifetime == Lifetime(BEGINNING, at("09:10"), at("09:00"), at("09:10"))


def test_an_ended_pod_without_a_uid_is_one_version_however_often_it_is_seen(tmp_path: Path) -> None:
    done = {"phase": "Succeeded", "containerStatuses": [ended("09:01", "09:30")]}
    for clock in ("10:00", "10:05"):
        snapshot(tmp_path, clock, pod(started="09:00", uid="", status=done))
    (only,) = seen(load_cluster(tmp_path))
    assert only.lifetime == life("09:00", "09:30", "09:01", "09:30")
