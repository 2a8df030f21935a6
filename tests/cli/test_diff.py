"""``flowcheck diff`` as a person runs it: what it shows, what is new, its formats, its exit codes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.cli.run import flowcheck
from tests.runners.worlds import ALLOWED, DENIED, POLICY, flows, ports, write

pytestmark = pytest.mark.usefixtures("forked_workers")

OTHER_POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: other, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: [{}]}
"""
BY_ADDRESS = POLICY.replace("podSelector: {matchLabels: {app: web}}", "ipBlock: {cidr: 10.0.0.1/32}")
STOPS = POLICY.replace("5432", "5433")
OPENS = POLICY.replace("port: 5432", "port: 22")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """To the port that is allowed: forwarded, stopped; to one that is not: forwarded, stopped, not told."""
    numbers, actions = [ALLOWED, ALLOWED, DENIED, DENIED, DENIED], [1, 2, 1, 2, 0]
    table = flows(5, dst_port=pa.array(numbers), action=pa.array(actions, pa.int8()))
    return write(tmp_path / "flows.parquet", table)


def new(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "new.yaml"
    file.write_text(text)
    return file


def found(code: int, *words: str | Path, stdin: str = "") -> dict[str, Any]:
    """What it says as JSON, with its warnings beside."""
    done = flowcheck("diff", *words, "-f", "json", stdin=stdin)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) | {"stderr": done.stderr}


def kinds(record: dict[str, Any]) -> dict[str, int]:
    return {kind: count["records"] for kind, count in record["kinds"].items() if count["records"]}


def test_what_would_be_stopped_comes_first(cluster: Path, log: Path, tmp_path: Path) -> None:
    file = new(tmp_path, STOPS)
    done = flowcheck("diff", log, "--cluster", cluster, "--policies", file, env={"COLUMNS": "140"})
    assert done.returncode == 1
    shown = " ".join(done.stdout.split())
    assert shown.startswith(
        "flowcheck diff: 1 record that went through would be stopped, "
        "0 records that were stopped would go through Compared"
    )
    assert (
        "Went through, would be stopped (1 change, 1 record) 1 shop/Pod/web -> shop/Pod/db "
        "5432/TCP, it went through, 2026-11-01T12:00:00Z to 2026-11-01T12:00:00Z "
        f"before: allow at both: NetworkPolicy/shop/db-from-web[ingress[0]] ({cluster}/policy.yaml:8) "
        f"after: deny at ingress: default-deny by NetworkPolicy/shop/db-from-web ({file}:1) "
        f"first: row 0 of {log}, 10.0.0.1 -> 10.0.0.2, 2026-11-01T12:00:00Z"
    ) in shown
    assert "rows 3 with the same verdict, 2 with another" in shown
    assert "policies 0 the same 1 changed: NetworkPolicy/shop/db-from-web" in shown


def test_what_was_stopped_anyway_is_told_apart(cluster: Path, log: Path, tmp_path: Path) -> None:
    record = found(1, log, "--cluster", cluster, "--policies", new(tmp_path, STOPS))
    assert kinds(record) == {"would_be_stopped": 1, "denied_now": 1}
    assert record["unchanged"]["records"] == 3


def test_what_would_go_through(cluster: Path, log: Path, tmp_path: Path) -> None:
    record = found(1, log, "--cluster", cluster, "--policies", new(tmp_path, OPENS))
    assert kinds(record) == {"would_be_stopped": 1, "denied_now": 1, "would_go_through": 2, "allowed_now": 1}
    through = [one for one in record["changes"] if one["kind"] == "would_go_through"]
    assert [(one["observed"], one["example"]["row"]) for one in through] == [("unknown", 4), ("denied", 3)]
    opened = tmp_path / "opened.yaml"
    opened.write_text(
        POLICY.replace("ports: [{port: 5432, protocol: TCP}]", "ports: [{port: 5432}, {port: 22}]")
    )
    asked = (log, "--cluster", cluster, "--policies", opened, "--fail-on")
    assert kinds(found(0, *asked, "stopped")) == {"would_go_through": 2, "allowed_now": 1}
    found(1, *asked, "change")
    found(0, *asked, "none")


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ([1, 1], "2 records that went through would be stopped,"),
        ([0, 0], "2 records that may have gone through would be stopped,"),
        ([0, 1], "2 records that went through, or may have, would be stopped,"),
    ],
)
def test_nothing_is_said_to_have_gone_through_that_the_log_does_not_tell(
    cluster: Path, tmp_path: Path, actions: list[int], words: str
) -> None:
    table = flows(2, dst_port=pa.array([ALLOWED] * 2), action=pa.array(actions, pa.int8()))
    log = write(tmp_path / "some.parquet", table)
    done = flowcheck("diff", log, "--cluster", cluster, "--policies", new(tmp_path, STOPS))
    assert done.returncode == 1
    assert words in " ".join(done.stdout.split())


def test_the_same_policies_change_nothing(cluster: Path, log: Path) -> None:
    record = found(0, log, "--cluster", cluster, "--policies", cluster / "policy.yaml")
    assert (kinds(record), record["changes"]) == ({}, [])
    assert record["unchanged"]["records"] == record["totals"]["rows_judged"] == 5
    assert record["other_rule"] == 0
    assert record["policies"] == {"added": [], "removed": [], "changed": [], "same": 1}


def test_another_rule_that_says_the_same_is_counted(cluster: Path, log: Path, tmp_path: Path) -> None:
    renamed = new(tmp_path, POLICY.replace("name: db-from-web", "name: renamed"))
    record = found(0, log, "--cluster", cluster, "--policies", renamed)
    assert (kinds(record), record["other_rule"]) == ({}, 5)
    names = [f"NetworkPolicy/shop/{name}" for name in ("renamed", "db-from-web")]
    assert (record["policies"]["added"], record["policies"]["removed"]) == ([names[0]], [names[1]])
    lacks = "--policies lacks 1 of 1 policy of the cluster, which are judged as gone; --apply keeps them"
    assert lacks in record["stderr"]


def test_policies_take_the_place_of_all_and_apply_of_those_of_the_same_name(
    cluster: Path, log: Path, tmp_path: Path
) -> None:
    (cluster / "other.yaml").write_text(OTHER_POLICY)
    file = new(tmp_path, STOPS)
    replaced = found(1, log, "--cluster", cluster, "--policies", file)
    assert replaced["policies"]["removed"] == ["NetworkPolicy/shop/other"]
    assert "--apply keeps them" not in replaced["stderr"]
    applied = found(1, log, "--cluster", cluster, "--apply", file)
    assert applied["policies"]["removed"] == []
    assert applied["policies"]["changed"] == ["NetworkPolicy/shop/db-from-web"]
    assert applied["after"]["cluster"]["policies"] == 2
    assert kinds(applied) == kinds(replaced)


def test_what_is_applied_may_come_by_standard_input(cluster: Path, log: Path) -> None:
    record = found(1, log, "--cluster", cluster, "--apply", "-", stdin=STOPS)
    assert kinds(record) == {"would_be_stopped": 1, "denied_now": 1}


@pytest.mark.parametrize("way", ["--policies", "--apply"])
def test_new_policies_hold_at_all_times(cluster: Path, log: Path, tmp_path: Path, way: str) -> None:
    """Also where the name of their file tells a time, as that of a dump does."""
    file = tmp_path / "policies-2026-11-20T10:00:00Z.yaml"
    file.write_text(STOPS)
    record = found(1, log, "--cluster", cluster, way, file)
    assert kinds(record) == {"would_be_stopped": 1, "denied_now": 1}
    assert record["after"]["verdicts"]["unknown"] == 0


def test_another_cluster(cluster: Path, log: Path, tmp_path: Path) -> None:
    """In which the client has other labels; and one in which another has its address."""
    other = tmp_path / "other"
    other.mkdir()
    for file in cluster.iterdir():
        (other / file.name).write_text(file.read_text().replace("labels: {app: web}", "labels: {app: webs}"))
    record = found(1, log, "--cluster", cluster, "--new-cluster", other)
    assert kinds(record) == {"would_be_stopped": 1, "denied_now": 1}
    (other / "cluster.yaml").write_text(
        (cluster / "cluster.yaml").read_text().replace("name: web,", "name: w2,")
    )
    moved = found(0, log, "--cluster", cluster, "--new-cluster", other)
    assert kinds(moved) == {}
    (other / "policy.yaml").write_text(STOPS)
    both = found(1, log, "--cluster", cluster, "--new-cluster", other)["changes"][0]
    assert (both["source"], both["source_after"]) == ("shop/Pod/web", "shop/Pod/w2")
    assert "destination_after" not in both


def test_a_block_that_only_one_side_tells_apart_is_told_by_the_smaller(cluster: Path, tmp_path: Path) -> None:
    outside = write(
        tmp_path / "outside.parquet",
        flows(2, src_ip=pa.array(["192.0.2.1", "198.51.100.1"]), dst_port=pa.array([5432, 5432])),
    )
    file = new(
        tmp_path, POLICY.replace("podSelector: {matchLabels: {app: web}}", "ipBlock: {cidr: 192.0.2.0/24}")
    )
    record = found(0, outside, "--cluster", cluster, "--policies", file)
    assert [(one["source"], one["kind"]) for one in record["changes"]] == [("192.0.2.0/24", "allowed_now")]


def test_to_and_from_unknown_are_told_apart(cluster: Path, log: Path, tmp_path: Path) -> None:
    """An address block that may be a pod's is a question of the plugin."""
    asked = (log, "--cluster", cluster, "--policies", new(tmp_path, BY_ADDRESS), "--ipblock-matches-pods")
    record = found(0, *asked, "unknown")
    assert kinds(record) == {"to_unknown": 2}
    done = flowcheck("diff", *asked, "unknown", "--fail-on", "unknown")
    assert done.returncode == 1
    assert "would go through; 2 become unknown" in " ".join(done.stdout.split())
    assert {one["after"]["verdict"] for one in record["changes"]} == {"unknown"}
    assert [one["after"]["reason"] for one in record["changes"]] == ["unsupported_field"] * 2
    back = tmp_path / "back"
    back.mkdir()
    (back / "cluster.yaml").write_text((cluster / "cluster.yaml").read_text() + "---\n" + BY_ADDRESS)
    record = found(
        1, log, "--cluster", back, "--policies", new(tmp_path, STOPS), "--ipblock-matches-pods", "unknown"
    )
    assert kinds(record) == {"would_be_stopped": 1, "from_unknown": 1}


def test_without_policies_before_is_meant_and_without_any_after_is_not(
    cluster: Path, log: Path, tmp_path: Path
) -> None:
    policy = cluster / "policy.yaml"
    policy.rename(tmp_path / "new.yaml")
    record = found(1, log, "--cluster", cluster, "--policies", tmp_path / "new.yaml")
    assert kinds(record) == {"would_be_stopped": 2, "denied_now": 1}
    none = tmp_path / "none.yaml"
    none.write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: more}\n")
    done = flowcheck("diff", log, "--cluster", cluster, "--policies", none)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no policies" in done.stderr
    assert kinds(found(0, log, "--cluster", cluster, "--policies", none, "--allow-no-policies")) == {}


@pytest.mark.parametrize("ways", [(), ("--policies", "--apply"), ("--policies", "--new-cluster")])
def test_2_what_is_new_is_said_in_one_way(cluster: Path, log: Path, ways: tuple[str, ...]) -> None:
    words = [word for way in ways for word in (way, str(cluster))]
    done = flowcheck("diff", log, "--cluster", cluster, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "say what is new by one of --policies, --apply, --new-cluster" in done.stderr


def test_2_a_cluster_that_is_read_twice_is_no_standard_input(log: Path, tmp_path: Path) -> None:
    done = flowcheck("diff", log, "--cluster", "-", "--policies", new(tmp_path, STOPS), stdin="")
    assert done.returncode == 2
    assert "--cluster is read twice" in done.stderr


def test_3_beats_1_where_not_all_was_compared(cluster: Path, tmp_path: Path) -> None:
    folder = tmp_path / "flows"
    write(folder / "a.parquet", ports([ALLOWED, 70000]))
    (folder / "b.parquet").write_bytes(b"PAR1")
    file = new(tmp_path, STOPS)
    record = found(3, folder, "--cluster", cluster, "--policies", file)
    assert kinds(record) == {"would_be_stopped": 1}
    assert (record["totals"]["rows_rejected"], record["totals"]["files_failed"]) == (1, 1)
    assert record["incomplete_because"] == ["1 of 2 files could not be judged", "1 row rejected"]
    done = flowcheck("diff", folder, "--cluster", cluster, "--policies", file)
    assert "INCOMPLETE" in done.stdout.splitlines()[1]
    assert "1 with another, 1 rejected" in " ".join(done.stdout.split())
    (folder / "b.parquet").unlink()
    found(1, folder, "--cluster", cluster, "--policies", file, "--max-rejected", "1")


def test_3_where_one_side_has_nothing_to_say(cluster: Path, log: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    text = (cluster / "cluster.yaml").read_text().replace("10.0.0.", "10.9.0.")
    other.write_text(f"{text}---\n{POLICY}")
    record = found(3, log, "--cluster", cluster, "--new-cluster", other)
    assert record["incomplete_because"][0].startswith("after: nothing was judged")
    assert record["after"]["nothing"]["reason"] == "no_end_in_cluster"


def test_csv_and_markdown_escape_what_inputs_hold(cluster: Path, log: Path, tmp_path: Path) -> None:
    folder = tmp_path / "=<b>|x"
    folder.mkdir()
    file = new(folder, STOPS)
    csv_file, md_file = tmp_path / "out.csv", tmp_path / "out.md"
    reports = ("-f", f"csv={csv_file}", "-f", f"md={md_file}")
    renamed = log.rename(tmp_path / "=cmd.parquet")
    done = flowcheck("diff", renamed, "--cluster", cluster, "--policies", file, *reports)
    assert done.returncode == 1
    rows = [*csv.DictReader(io.StringIO(csv_file.read_text()))]
    assert [row["kind"] for row in rows] == ["would_be_stopped", "denied_now"]
    assert rows[0]["before_policies"] == "NetworkPolicy/shop/db-from-web[ingress[0]]"
    assert rows[0]["example_file"] == str(renamed)
    text = md_file.read_text()
    assert "<b>" not in text
    assert "&lt;b&gt;\\|x" in text
    assert "| 1 | shop/Pod/web -&gt; shop/Pod/db | 5432/TCP |" in text


def test_what_is_not_listed_is_counted(cluster: Path, tmp_path: Path) -> None:
    many = write(tmp_path / "many.parquet", ports([*range(1, 12), *range(1, 4)]))
    file = new(tmp_path, POLICY.replace("    ports: [{port: 5432, protocol: TCP}]\n", ""))
    record = found(0, many, "--cluster", cluster, "--policies", file, "--max-changes", "2")
    assert [(one["port"], one["records"]) for one in record["changes"]] == [(1, 2), (2, 2)]
    assert (record["changes_not_listed"], record["records_not_listed"]) == (9, 10)
    assert record["kinds"]["allowed_now"] == {
        "changes": 11,
        "records": 14,
        "flows": 14,
        "observed_unknown": 0,
    }
    scan = write(tmp_path / "scan.parquet", ports([*range(1, 31), 80]))
    (change,) = found(0, scan, "--cluster", cluster, "--policies", file)["changes"]
    assert (change["n_ports"], change["ports"], change["records"]) == (31, ["1-30", "80"], 31)


def test_an_audits_folder_is_left_alone(cluster: Path, log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert flowcheck("audit", log, "--cluster", cluster, "-o", out).returncode == 1
    done = flowcheck("diff", log, "--cluster", cluster, "--apply", new(tmp_path, STOPS), "-o", out)
    assert (done.returncode, done.stdout) == (2, "")
    assert "holds an audit's result" in done.stderr
    assert flowcheck("verify", out).returncode == 0
    other = tmp_path / "other"
    assert (
        flowcheck("diff", log, "--cluster", cluster, "--apply", new(tmp_path, STOPS), "-o", other).returncode
        == 1
    )
    assert {file.name for file in other.iterdir()} == {
        ".flowcheck-lock",
        "diff.json",
        "ledger.json",
        "manifest.json",
    }
    done = flowcheck("verify", other)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the result of a comparison" in done.stderr


def test_help_has_an_example() -> None:
    done = flowcheck("diff", "--help")
    assert done.returncode == 0
    assert "flowcheck diff flows.parquet --cluster cluster.json --policies policies/" in done.stdout
