"""``flowcheck rules`` as a person runs it: what it tells with flows and without, formats, exit codes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.cli.run import flowcheck
from tests.runners.worlds import flows, write

pytestmark = pytest.mark.usefixtures("forked_workers")

POD = """
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: shop, labels: {{app: {name}}}}}
spec: {{nodeName: n1, containers: [{{name: main}}]}}
status: {{podIP: {address}, podIPs: [{{ip: {address}}}], phase: Running}}
"""
CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop}}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {podCIDR: 10.244.0.0/16}
status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}
"""
POLICIES = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress:
    - {from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}
    - {from: [{podSelector: {}}], ports: [{port: 5432}]}
    - {from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 6379}]}
    - from: [{podSelector: {matchLabels: {app: gone}}}, {podSelector: {matchLabels: {app: web}}}]
      ports: [{port: 80}]
    - {from: [{podSelector: {matchLabels: {app: gone}}}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nobody, namespace: shop}
spec: {podSelector: {matchLabels: {app: nobody}}, ingress: [{}]}
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: no-redis}
spec:
  priority: 1
  subject: {namespaces: {matchLabels: {team: shop}}}
  ingress:
    - name: redis
      action: Deny
      from: [{namespaces: {}}]
      ports: [{portNumber: {protocol: TCP, port: 6379}}]
"""
WEB, DB, BACKUP = "10.244.0.1", "10.244.0.2", "10.244.0.3"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    pods = [("web", WEB), ("db", DB), ("backup", BACKUP)]
    (folder / "cluster.yaml").write_text(
        "---".join([CLUSTER, *(POD.format(name=name, address=address) for name, address in pods)])
    )
    (folder / "policies.yaml").write_text(POLICIES)
    return folder


def told(*words: str | Path, code: int = 0) -> dict[str, Any]:
    done = flowcheck("rules", *words, "-f", "json")
    assert done.returncode == code, done.stderr
    record = json.loads(done.stdout)
    return {**record, "by": {f"{one['policy']}[{one['rule']}]": one for one in record["rules"]}}


DB_RULES = "NetworkPolicy/shop/db[ingress[{}]]"


def test_what_rules_are_worth_whatever_the_traffic(shop: Path) -> None:
    by = told("--cluster", shop)["by"]
    worth = [by[DB_RULES.format(number)]["worth"] for number in range(5)]
    assert worth == ["redundant", "needed", "unreachable", "needed", "matches_nobody"]
    assert by[DB_RULES.format(0)]["by"] == [DB_RULES.format(1)]
    assert by[DB_RULES.format(1)]["example"]["ports"] == "5432/TCP"
    assert by[DB_RULES.format(2)]["by"] == ["AdminNetworkPolicy/no-redis[ingress[0]]"]
    assert by[DB_RULES.format(3)]["empty_peers"] == [0]
    assert by[DB_RULES.format(4)]["nobody"] == "peers"
    nobody = by["NetworkPolicy/shop/nobody[ingress[0]]"]
    assert (nobody["worth"], nobody["nobody"], nobody["last_of_direction"]) == (
        "matches_nobody",
        "policy",
        True,
    )
    assert all(one["traffic"] is None for one in by.values())
    assert by[DB_RULES.format(0)]["line"] > 0


def test_tiers_that_contradict_one_another(shop: Path) -> None:
    by = told("--cluster", shop)["by"]
    admin = by["AdminNetworkPolicy/no-redis[ingress[0]]"]
    assert admin["overrides"] == [DB_RULES.format(2)]
    assert by[DB_RULES.format(2)]["overridden_by"] == ["AdminNetworkPolicy/no-redis[ingress[0]]"]


def test_an_admin_policy_that_allows_what_a_default_denies(shop: Path) -> None:
    text = (shop / "policies.yaml").read_text().replace("action: Deny", "action: Allow")
    (shop / "policies.yaml").write_text(text.replace("port: 6379}}", "port: 9999}}"))
    admin = told("--cluster", shop)["by"]["AdminNetworkPolicy/no-redis[ingress[0]]"]
    assert admin["overrides"] == ["default-deny by NetworkPolicy/shop/db"]


def test_who_is_protected_by_nothing(shop: Path) -> None:
    record = told("--cluster", shop)
    bare = {(one["workload"], one["layer"]) for one in record["unprotected"]}
    ingress = {("shop/Pod/web", "ingress"), ("shop/Pod/backup", "ingress")}
    assert bare == ingress | {(f"shop/Pod/{name}", "egress") for name in ("web", "db", "backup")}
    assert [one["policy"] for one in record["idle_policies"]] == ["NetworkPolicy/shop/nobody"]


def test_what_a_log_says_of_rules(shop: Path, tmp_path: Path) -> None:
    table = flows(
        6,
        src_ip=pa.array([WEB, WEB, WEB, BACKUP, DB, BACKUP]),
        dst_ip=pa.array([DB, DB, DB, DB, WEB, WEB]),
        dst_port=pa.array([5432, 5432, 80, 5432, 8080, 8080], pa.int32()),
    )
    record = told(write(tmp_path / "flows.parquet", table), "--cluster", shop)
    seen = {name: one["traffic"] for name, one in record["by"].items()}
    assert seen[DB_RULES.format(0)]["state"] == "shadowed"
    assert seen[DB_RULES.format(0)]["by"] == [{"name": DB_RULES.format(1), "records": 2}]
    assert (seen[DB_RULES.format(1)]["state"], seen[DB_RULES.format(1)]["records"]) == ("needed", 1)
    assert seen[DB_RULES.format(2)]["state"] == "never_hit"
    assert (seen[DB_RULES.format(3)]["state"], seen[DB_RULES.format(3)]["alike_records"]) == ("needed", 0)
    (web,) = [
        one for one in record["unprotected"] if (one["workload"], one["layer"]) == ("shop/Pod/web", "ingress")
    ]
    assert (web["flows"]["connections"], web["flows"]["n_peers"]) == (2, 2)
    assert web["flows"]["ports"] == [{"name": "8080/TCP", "connections": 2}]


def test_unknown_flows_keep_rules_from_being_never_hit(shop: Path, tmp_path: Path) -> None:
    table = flows(
        1, src_ip=pa.array(["10.244.9.9"]), dst_ip=pa.array([DB]), dst_port=pa.array([6379], pa.int32())
    )
    extra = flows(1, src_ip=pa.array([BACKUP]), dst_ip=pa.array([DB]), dst_port=pa.array([5432], pa.int32()))
    file = write(tmp_path / "flows.parquet", pa.concat_tables([table, extra]))
    seen = told(file, "--cluster", shop)["by"][DB_RULES.format(2)]["traffic"]
    assert (seen["state"], seen["unknown_records"]) == ("perhaps_hit", 1)


def test_a_rule_that_is_shared_with_a_default_is_not_needed_by_a_log(shop: Path, tmp_path: Path) -> None:
    table = flows(1, src_ip=pa.array([WEB]), dst_ip=pa.array([DB]), dst_port=pa.array([6379], pa.int32()))
    text = (shop / "policies.yaml").read_text().replace("port: 6379}]}", "port: 6380}]}")
    (shop / "policies.yaml").write_text(text)
    file = write(tmp_path / "flows.parquet", table)
    seen = told(file, "--cluster", shop)["by"]["AdminNetworkPolicy/no-redis[ingress[0]]"]["traffic"]
    assert seen["by"] == [{"name": "default-deny by NetworkPolicy/shop/db", "records": 1}]


@pytest.mark.parametrize(("fail_on", "code"), [("none", 0), ("rules", 1), ("unprotected", 1), ("any", 1)])
def test_it_is_advice_unless_asked(shop: Path, fail_on: str, code: int) -> None:
    told("--cluster", shop, "--fail-on", fail_on, code=code)


def test_a_log_that_is_incomplete_ends_with_3(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    write(tmp_path / "logs" / "good.parquet")
    (tmp_path / "logs" / "bad.parquet").write_bytes(b"PAR1 and then nothing")
    record = told(tmp_path / "logs", "--cluster", shop, "--fail-on", "any", code=3)
    assert not record["complete"]


def test_documents_left_out_end_with_3(shop: Path) -> None:
    bad = (
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: bad, namespace: shop}\n"
    )
    with (shop / "policies.yaml").open("a") as file:
        file.write(bad + "spec: {podSelector: {}, policyTypes: [Sideways]}\n")
    assert flowcheck("rules", "--cluster", shop).returncode == 2
    assert told("--cluster", shop, "--keep-going", code=3)["incomplete_because"]


def test_at_the_terminal(shop: Path) -> None:
    done = flowcheck("rules", "--cluster", shop, env={"COLUMNS": "120"})
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0] == (
        "flowcheck rules: 4 of 7 rules could go, each by itself; 3 workloads with pods that nothing isolates"
    )
    assert DB_RULES.format(0) in lines
    assert f"by {DB_RULES.format(1)}" in lines
    assert f"denies what would be allowed by {DB_RULES.format(2)}" in lines


def test_as_csv_and_markdown(shop: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(flowcheck("rules", "--cluster", shop, "-f", "csv").stdout)))
    assert len(rows) == 7
    assert {row["worth"] for row in rows} == {"redundant", "needed", "unreachable", "matches_nobody"}
    page = flowcheck("rules", "--cluster", shop, "-f", "md").stdout
    assert page.startswith("## flowcheck rules: 4 of 7 rules could go")
    assert "ingress\\[0\\]" in page


@pytest.mark.parametrize("form", ["terminal", "md", "csv", "json"])
def test_names_from_inputs_are_escaped(shop: Path, form: str) -> None:
    (shop / "policies.yaml").rename(shop / "=cmd|\x1b[31m<b>.yaml")
    shown = flowcheck("rules", "--cluster", shop, "-f", form)
    assert shown.returncode == 0
    assert "31m" in shown.stdout
    assert "\x1b" not in shown.stdout


def test_a_cluster_over_time_is_told_of_at_one_instant(shop: Path) -> None:
    assert told("--cluster", shop)["at"] == ""
    early = told("--cluster", "data/history/cluster", "--as-of", "2026-03-10T01:00:00Z")
    assert early["at"] == "2026-03-10T01:00:00Z"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "6h"), "--since is about flows, and none are given"),
        (("-n", "shop"), "--namespace is about flows, and none are given"),
        (("--min-coverage", "99"), "--min-coverage is about flows, and none are given"),
        (("--as-of", "2026-01-01", "--policies", "current"), "contradict one another"),
        (("--replace-policies", "--policies", "current"), "--replace-policies needs --policies"),
        (("--resume",), "--resume"),
        (("--max-findings", "3"), "--max-findings"),
    ],
)
def test_2_what_says_nothing_without_flows(shop: Path, words: tuple[str, ...], said: str) -> None:
    done = flowcheck("rules", "--cluster", shop, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())


def test_what_a_file_or_the_environment_says_for_other_commands_is_let_be(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text("since: 6h\nresume: true\n")
    monkeypatch.setenv("FLOWCHECK_JOBS", "1")
    assert told("--cluster", shop, "--config", tmp_path / "config.yaml") == told("--cluster", shop)


def test_nothing_is_told_of_no_policies(shop: Path) -> None:
    (shop / "policies.yaml").unlink()
    assert flowcheck("rules", "--cluster", shop).returncode == 2
    record = told("--cluster", shop, "--allow-no-policies")
    assert record["rules"] == []
    assert len(record["unprotected"]) == 6


def test_a_program_that_is_known_tells_the_same(tmp_path: Path) -> None:
    words = "data/mesh/logs", "--cluster", "data/mesh/cluster"
    first = told(*words)
    assert told(*words) == first
    assert first["rules"]
    assert all(one["traffic"]["state"] != "never_hit" for one in first["rules"] if one["layer"] == "mesh")
