"""The simulated day is what it says: its truth has no holes, and its files tell that truth.

What the files say is read here from the files alone, by code of its own.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest

import flowcheck
from benchmarks.churn import simulate
from benchmarks.churn.day import Day, handovers
from benchmarks.churn.pods import ChurnPod, Tenancy
from benchmarks.churn.world import CLOCK, SECOND, SIZES, SKEW, START
from flowcheck.reference import Reference, Tuple5

TINY = SIZES["tiny"]
Document = dict[str, Any]


class Written(NamedTuple):
    """A generated day, its folder, and the rows of its flows with those of its truth."""

    day: Day
    folder: Path
    rows: list[Document]
    truth: list[Document]


class Owner(NamedTuple):
    start: int
    end: int
    name: str


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("churn")
    day = simulate.generate(TINY, folder, seed=3)
    files = sorted((folder / "flows").iterdir())
    rows = [row for path in files for row in pq.read_table(path).to_pylist()]
    return Written(day, folder, rows, pq.read_table(folder / "truth.parquet").to_pylist())


@pytest.fixture(scope="module")
def watched(written: Written) -> list[tuple[int, str, Document]]:
    """Every event of the watch: its time, type and object."""
    lines = (written.folder / "watch.jsonl").read_text().splitlines()
    return [(micros(one["time"]), one["type"], one["object"]) for one in map(json.loads, lines)]


def micros(time: str | datetime) -> int:
    when = datetime.fromisoformat(time) if isinstance(time, str) else time
    return round(when.timestamp() * SECOND)


def key_of(document: Document) -> tuple[str, str, str]:
    metadata = document["metadata"]
    return document["kind"], metadata.get("namespace", ""), metadata["name"]


def by_address(day: Day) -> dict[str, list[tuple[Tenancy, ChurnPod]]]:
    found: dict[str, list[tuple[Tenancy, ChurnPod]]] = defaultdict(list)
    for pod in day.pods:
        for one in pod.tenancies:
            found[one.address].append((one, pod))
    return {address: sorted(owned, key=lambda pair: pair[0].start) for address, owned in found.items()}


class TestTruth:
    def test_an_address_has_one_owner_at_a_time(self, written: Written) -> None:
        for owned in by_address(written.day).values():
            assert all(before.end <= after.start for (before, _), (after, _) in pairwise(owned))

    def test_addresses_change_hands_within_thirty_seconds(self, written: Written) -> None:
        free = handovers(written.day)
        soon = sum(gap < simulate.SOON for gap in free)
        assert soon > 20
        assert 0 <= min(free) < SECOND
        assert json.loads((written.folder / "churn.json").read_text())["soon"] == soon

    def test_addresses_are_of_the_node(self, written: Written) -> None:
        for pod in written.day.pods:
            assert all(one.address.startswith(f"10.64.{pod.node}.") for one in pod.tenancies)

    def test_ends_of_flows_run_at_the_true_time(self, written: Written) -> None:
        pods = {pod.uid: pod for pod in written.day.pods}
        for row, true in zip(written.rows, written.truth, strict=True):
            at = micros(true["time"])
            for side in ("src", "dst"):
                uid = true[f"{side}_uid"]
                if uid is None:
                    assert true[side] == row[f"{side}_ip"]
                    continue
                pod = pods[uid]
                assert pod.runs(at)
                if "/Service/" not in true[side]:
                    assert (pod.full_name, pod.address_at(at)) == (true[side], row[f"{side}_ip"])

    def test_clocks_are_wrong_by_up_to_a_second_either_way(self, written: Written) -> None:
        wrong = [
            micros(row["start_time"]) - micros(true["time"])
            for row, true in zip(written.rows, written.truth, strict=True)
        ]
        assert -CLOCK <= min(wrong) < -CLOCK // 4
        assert CLOCK // 4 < max(wrong) < CLOCK + 2_000

    def test_the_verdict_is_that_of_the_cluster_as_it_stood(self, written: Written, tmp_path: Path) -> None:
        """Against whole snapshots: pods by their addresses, policies and namespaces of that moment."""
        checked = Counter[str]()
        snapshots = sorted((written.folder / "snapshots").iterdir())
        for number, path in enumerate(snapshots[2::7]):
            at = micros(path.stem[:10] + path.stem[10:-1].replace("-", ":") + "+00:00")
            (tmp_path / f"still{number}.json").write_text(path.read_text())
            cluster = flowcheck.load_cluster([tmp_path / f"still{number}.json"]).at(at)
            reference = Reference(cluster)
            for row, true in zip(written.rows, written.truth, strict=True):
                if abs(micros(true["time"]) - at) > 30 * SECOND or "/Service/" in true["dst"]:
                    continue
                flow = Tuple5(row["src_ip"], row["dst_ip"], row["protocol"], row["dst_port"])
                judged = reference.judge(flow)
                same_ends = (judged.src, judged.dst) == (true["src"], true["dst"])
                if same_ends and not true["near"]:
                    assert judged.verdict == true["verdict"]
                    checked[true["verdict"]] += 1
        assert min(checked["allow"], checked["deny"]) > 20
        assert set(checked) == {"allow", "deny"}


class TestWatch:
    def test_replayed_it_gives_the_snapshots(
        self, written: Written, watched: list[tuple[int, str, Document]]
    ) -> None:
        snapshots = sorted((written.folder / "snapshots").iterdir())
        assert len(snapshots) == TINY.hours * 12
        present: dict[tuple[str, str, str], Document] = {}
        events = iter(watched)
        event = next(events, None)
        for path in snapshots:
            at = micros(path.stem[:10] + path.stem[10:-1].replace("-", ":") + "+00:00")
            while event is not None and event[0] <= at:
                if event[1] == "DELETED":
                    del present[key_of(event[2])]
                else:
                    present[key_of(event[2])] = event[2]
                event = next(events, None)
            listed = json.loads(path.read_text())["items"]
            assert {key_of(one): one for one in listed} == present
            assert len(listed) == len(present)
        assert event is None

    def test_the_single_snapshot_is_the_last(self, written: Written) -> None:
        last = max((written.folder / "snapshots").iterdir())
        assert (written.folder / "single" / "cluster.json").read_bytes() == last.read_bytes()

    def test_events_are_in_order_and_well_formed(self, watched: list[tuple[int, str, Document]]) -> None:
        present: set[tuple[str, str, str]] = set()
        for (before, _, _), (after, _, _) in pairwise(watched):
            assert before <= after
        for _, type_, document in watched:
            assert (key_of(document) in present) is (type_ != "ADDED")
            if type_ == "DELETED":
                present.remove(key_of(document))
            else:
                present.add(key_of(document))

    def test_counts_by_kind(self, written: Written, watched: list[tuple[int, str, Document]]) -> None:
        counts = Counter((document["kind"], type_) for _, type_, document in watched)
        services = TINY.n_deployments + TINY.n_stateful
        assert counts["Pod", "ADDED"] == len(written.day.pods)
        assert counts["Node", "ADDED"] == TINY.n_nodes
        assert counts["Namespace", "ADDED"] == TINY.n_namespaces
        assert counts["Namespace", "MODIFIED"] == 1
        assert counts["Service", "ADDED"] == counts["EndpointSlice", "ADDED"] == services
        assert counts["NetworkPolicy", "MODIFIED"] == counts["NetworkPolicy", "DELETED"] == 1
        assert counts["EndpointSlice", "MODIFIED"] > 100

    def test_pods_come_to_every_kind_of_end(self, watched: list[tuple[int, str, Document]]) -> None:
        pods = [(type_, pod) for _, type_, pod in watched if pod["kind"] == "Pod"]
        phases = Counter(pod["status"]["phase"] for type_, pod in pods if type_ == "DELETED")
        assert min(phases[phase] for phase in ("Running", "Succeeded", "Failed")) > 2
        assert any("lastState" in pod["status"].get("containerStatuses", [{}])[0] for _, pod in pods)
        assert any("quarantine" in pod["metadata"]["labels"] for _, pod in pods)

    def test_a_pod_changes_its_address(self, watched: list[tuple[int, str, Document]]) -> None:
        addresses = defaultdict(set)
        for _, _, document in watched:
            if "podIP" in document.get("status", {}):
                addresses[document["metadata"]["uid"]].add(document["status"]["podIP"])
        assert max(map(len, addresses.values())) == 2

    def test_slices_list_the_pods_that_are_shown(self, watched: list[tuple[int, str, Document]]) -> None:
        shown: dict[str, str] = {}
        ready = 0
        for _, _, document in watched:
            if document["kind"] == "Pod":
                shown[document["metadata"]["name"]] = document["status"].get("podIP", "")
            elif document["kind"] == "EndpointSlice":
                for endpoint in document["endpoints"]:
                    assert endpoint["addresses"] == [shown[endpoint["targetRef"]["name"]]]
                    ready += endpoint["conditions"]["ready"]
        assert ready > 100

    def test_the_lossy_one_lacks_one_in_fifty_but_nothing_of_the_first_list(self, written: Written) -> None:
        full = (written.folder / "watch.jsonl").read_text().splitlines()
        lossy = (written.folder / "watch-lossy.jsonl").read_text().splitlines()
        lost = set(full) - set(lossy)
        assert set(lossy) < set(full)
        assert len(lost) / len(full) == pytest.approx(simulate.LOST, rel=0.5)
        assert min(micros(json.loads(line)["time"]) for line in lost) > START


class TestFlows:
    def test_rows_are_as_many_as_the_size_says_in_the_order_of_time(self, written: Written) -> None:
        times = [row["start_time"] for row in written.rows]
        assert len(times) == len(written.truth) == TINY.n_rows
        assert times == sorted(times)

    def test_they_are_canonical(self, written: Written) -> None:
        from flowcheck.flows.canonical.schema import check_schema

        schema = pq.read_schema(written.folder / "flows" / "flows-0.parquet")
        assert check_schema(schema, "flows") == schema.names

    def test_most_connections_are_recorded_at_both_ends(self, written: Written) -> None:
        points = defaultdict(set)
        for row, true in zip(written.rows, written.truth, strict=True):
            if true["src_uid"] and true["dst_uid"]:
                points[true["time"], row["src_ip"], row["src_port"]].add(row["observation_point"])
        both = sum(seen == {1, 2} for seen in points.values()) / len(points)
        assert both == pytest.approx(0.75, abs=0.05)

    def test_a_service_is_recorded_by_its_own_address_at_the_client_only(self, written: Written) -> None:
        dialled = [
            row["observation_point"]
            for row, true in zip(written.rows, written.truth, strict=True)
            if row["dst_ip"].startswith("10.96.")
        ]
        services = [true for true in written.truth if "/Service/" in true["dst"]]
        assert len(dialled) == len(services) > 500
        assert set(dialled) == {1}

    def test_the_network_mostly_does_as_the_policies_say(self, written: Written) -> None:
        pairs = zip(written.rows, written.truth, strict=True)
        counts = Counter((true["verdict"], row["action"]) for row, true in pairs)
        assert counts["deny", 1] / (counts["deny", 1] + counts["deny", 2]) == pytest.approx(0.05, abs=0.03)
        assert counts["allow", 2] < counts["allow", 1] / 100

    def test_the_same_seed_gives_the_same_files(self, written: Written, tmp_path: Path) -> None:
        simulate.generate(TINY, tmp_path, seed=3)
        for path in sorted(written.folder.rglob("*.json*")):
            assert (tmp_path / path.relative_to(written.folder)).read_bytes() == path.read_bytes()
        for name in ("flows", "truth.parquet"):
            assert pq.read_table(tmp_path / name).equals(pq.read_table(written.folder / name))


class TestNearness:
    def test_away_from_changes_the_watch_names_the_owner(
        self, written: Written, watched: list[tuple[int, str, Document]]
    ) -> None:
        """Within the skew of a recorded time that no change is near, there is one owner: the true one."""
        owners = published(watched)
        checked = 0
        for row, true in zip(written.rows, written.truth, strict=True):
            for side in ("src", "dst"):
                if true["near"] or true[f"{side}_uid"] is None or "/Service/" in true[side]:
                    continue
                at = micros(row["start_time"])
                near = {
                    one.name
                    for one in owners[row[f"{side}_ip"]]
                    if one.start <= at + SKEW and one.end > at - SKEW
                }
                assert near == {true[side]}
                checked += 1
        assert checked > TINY.n_rows

    def test_some_records_are_near_a_change(self, written: Written) -> None:
        near = sum(true["near"] for true in written.truth)
        assert 0.01 < near / len(written.truth) < 0.2

    def test_the_labels_that_count_are_those_of_the_watch(
        self, written: Written, watched: list[tuple[int, str, Document]]
    ) -> None:
        versions = defaultdict(list)
        for at, _, document in watched:
            if document["kind"] == "Pod":
                seen = versions[document["metadata"]["uid"]]
                labels = document["metadata"]["labels"]
                if not seen or seen[-1][1] != labels:
                    seen.append((at, labels))
        later = Counter[int]()
        for row, true in zip(written.rows, written.truth, strict=True):
            if true["src_uid"] and not true["near"]:
                times = [at for at, _ in versions[true["src_uid"]]]
                assert bisect_right(times, micros(row["start_time"])) - 1 == true["src_version"]
                later[true["src_version"]] += 1
        assert later[1] > 20


def published(watched: list[tuple[int, str, Document]]) -> dict[str, list[Owner]]:
    """Who has which address, as the events say: from when its network is up until it ended or is gone."""
    found: dict[str, list[Owner]] = defaultdict(list)
    current: dict[str, tuple[str, int]] = {}
    for at, type_, document in watched:
        if document["kind"] != "Pod":
            continue
        uid, status = document["metadata"]["uid"], document["status"]
        name = f"{document['metadata']['namespace']}/Pod/{document['metadata']['name']}"
        state = status.get("containerStatuses", [{}])[0].get("state", {})
        ended = micros(state["terminated"]["finishedAt"]) if "terminated" in state else None
        address = "" if ended is not None or type_ == "DELETED" else status.get("podIP", "")
        if uid in current and current[uid][0] != address:
            before, since = current.pop(uid)
            found[before].append(Owner(since, ended or at, name))
        if address and uid not in current:
            since = micros(status["conditions"][0]["lastTransitionTime"])
            current[uid] = (address, since)
    names = {document["metadata"].get("uid"): document for _, _, document in watched}
    for uid, (address, since) in current.items():
        metadata = names[uid]["metadata"]
        found[address].append(Owner(since, 1 << 62, f"{metadata['namespace']}/Pod/{metadata['name']}"))
    return found
