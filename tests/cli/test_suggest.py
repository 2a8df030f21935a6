"""``flowcheck suggest`` as a person runs it: files, what is shown, exit codes; what an audit says of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
import yaml
from msgspec import structs

from flowcheck.suggesting.records import Suggestion
from tests.cli.run import ROOT, flowcheck
from tests.runners.worlds import ALLOWED, DENIED, NOON, US, WEB, flows, write, write_cluster

pytestmark = pytest.mark.usefixtures("forked_workers")

SAMPLE = ROOT / "data" / "cluster"
FLOWS = ROOT / "data" / "flows"
HOUR = 3_600_000_000


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A cluster without policies."""
    return write_cluster(tmp_path / "bare", policies=False)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Two connections to the database before one o'clock, one at another port after it."""
    return write(
        tmp_path / "flows.parquet",
        flows(
            3,
            start_time=pa.array([NOON, NOON + 1, NOON + 2 * HOUR], US),
            dst_port=pa.array([ALLOWED, ALLOWED, DENIED], pa.int32()),
        ),
    )


def record(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "suggestion.json").read_text())
    return found


def policies(out: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all((out / "policies.yaml").read_text()) if one]


def peers(out: Path) -> dict[str, list[list[Any]]]:
    return {
        f"{policy['workload']} {rule['rule']}": [rule["peers"], rule["ports"]]
        for policy in record(out)["policies"]
        for rule in policy["rules"]
    }


def test_policies_and_what_is_behind_them(bare: Path, log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = flowcheck("suggest", log, "--cluster", bare, "-o", out, env={"COLUMNS": "100"})
    assert done.returncode == 0, done.stderr
    shown = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert shown[0] == "flowcheck suggest: 2 NetworkPolicies with 2 rules"
    assert "applied to the same log they deny nothing that went through" in shown
    assert "shop/Pod/db from shop/Pod/web 22/TCP, 5432/TCP" in shown
    assert [(one["kind"], one["metadata"]["name"]) for one in policies(out)] == [
        ("NetworkPolicy", "seen-db"),
        ("NetworkPolicy", "seen-web"),
    ]
    assert policies(out)[0]["spec"] == {
        "podSelector": {"matchLabels": {"app": "db"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {
                "from": [{"podSelector": {"matchLabels": {"app": "web"}}}],
                "ports": [{"protocol": "TCP", "port": 22}, {"protocol": "TCP", "port": 5432}],
            }
        ],
        "egress": [],
    }
    (rule,) = record(out)["policies"][0]["rules"]
    seen = {one["port"]: (one["connections"], one["once"], one["first_seen"]) for one in rule["seen"]}
    noon, later = (
        datetime.fromtimestamp(time / 1e6, UTC).isoformat().replace("+00:00", "Z")
        for time in (NOON, NOON + 2 * HOUR)
    )
    assert seen == {ALLOWED: (2, False, noon), DENIED: (1, True, later)}
    assert (
        f"  # shop/Pod/web 22/TCP: 1 connection, {later}; SEEN ONCE ONLY\n"
        in (out / "policies.yaml").read_text()
    )


def test_what_a_policy_allows_already_is_told(cluster: Path, log: Path, tmp_path: Path) -> None:
    done = flowcheck("suggest", log, "--cluster", cluster, "-o", tmp_path / "out", "-f", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    (kept,) = found["already_allowed"]
    assert (kept["by"], kept["port"], kept["connections"]) == (
        "NetworkPolicy/shop/db-from-web[ingress[0]]",
        ALLOWED,
        2,
    )
    assert peers(tmp_path / "out") == {
        "shop/Pod/db ingress[0]": [["shop/Pod/web"], ["22/TCP"]],
        "shop/Pod/web egress[0]": [["shop/Pod/db"], ["22/TCP", "5432/TCP"]],
    }
    (seen,) = found["policies"][0]["rules"][0]["seen"]
    assert seen["denied_by"] == ["default-deny by NetworkPolicy/shop/db-from-web"]


def test_1_what_the_rest_of_the_log_would_lose(bare: Path, log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    until = datetime.fromtimestamp((NOON + HOUR) / 1e6, UTC).isoformat()
    done = flowcheck("suggest", log, "--cluster", bare, "-o", out, "--train-until", until)
    assert done.returncode == 1, done.stderr
    assert "the suggestion DENIES 1 record that went through, of 1:" in done.stdout
    found = record(out)
    assert (found["records"], found["check"]["denied_records"]) == (2, 0)
    assert [(one["source"], one["port"]) for one in found["holdout"]["denied"]] == [("shop/Pod/web", DENIED)]
    late = datetime.fromtimestamp((NOON + 3 * HOUR) / 1e6, UTC).isoformat()
    done = flowcheck("suggest", log, "--cluster", bare, "-o", out, "--holdout", late)
    assert (done.returncode, "nothing began then" in done.stdout) == (0, True), done.stderr


def test_what_is_seen_once_can_be_left_out(bare: Path, log: Path, tmp_path: Path) -> None:
    done = flowcheck("suggest", log, "--cluster", bare, "-o", tmp_path / "out", "--min-connections", "2")
    assert done.returncode == 0, done.stderr
    assert peers(tmp_path / "out") == {
        "shop/Pod/db ingress[0]": [["shop/Pod/web"], ["5432/TCP"]],
        "shop/Pod/web egress[0]": [["shop/Pod/db"], ["5432/TCP"]],
    }
    assert [one["port"] for one in record(tmp_path / "out")["seldom"]] == [DENIED, DENIED]
    assert record(tmp_path / "out")["check"]["denied_records"] == 1


@pytest.mark.parametrize("more", [(), ("--all",), ("--all", "--common-prefix", "24")])
def test_applied_to_the_same_log_nothing_that_was_seen_is_denied(
    more: tuple[str, ...], tmp_path: Path
) -> None:
    """By an audit of its own, with the policies in place of those that there are, or beside them."""
    done = flowcheck("suggest", FLOWS, "--cluster", SAMPLE, "-o", tmp_path, *more)
    assert done.returncode == 0, done.stderr
    place = ["--replace-policies"] if "--all" in more else []
    applied = ["--policies", tmp_path / "policies.yaml", *place]
    done = flowcheck("audit", FLOWS, "--cluster", SAMPLE, *applied, "-o", tmp_path / "audit", "-f", "json")
    found = json.loads(done.stdout)
    assert found["summary"]["violations"]["forwarded_denied"] == 0
    again = {one["kind"] for one in found["findings"]}
    assert again == {"dropped_allowed"}, "what the network let through at one time and stopped at another"
    if "--all" in more:
        assert sum(one["refused"] > 0 for one in _all_seen(tmp_path)) >= len(found["findings"])


def _all_seen(out: Path) -> list[dict[str, Any]]:
    return [seen for policy in record(out)["policies"] for rule in policy["rules"] for seen in rule["seen"]]


def test_what_is_denied_today_can_be_left_out(tmp_path: Path) -> None:
    done = flowcheck("suggest", FLOWS, "--cluster", SAMPLE, "-o", tmp_path, "--leave-out-denied")
    assert done.returncode == 0, done.stderr
    assert not [seen for seen in _all_seen(tmp_path) if seen["denied_by"]]
    assert record(tmp_path)["check"]["denied_records"] > 0


def test_with_a_namespace_only_its_workloads_get_policies(tmp_path: Path) -> None:
    done = flowcheck("suggest", FLOWS, "--cluster", SAMPLE, "-o", tmp_path, "--all", "-n", "payments")
    assert done.returncode == 0, done.stderr
    assert {one["metadata"]["namespace"] for one in policies(tmp_path)} == {"payments"}
    assert record(tmp_path)["check"]["denied_records"] == 0


def test_owners_selectors_select(tmp_path: Path) -> None:
    flowcheck("suggest", FLOWS, "--cluster", SAMPLE, "-o", tmp_path, "--all")
    found = {policy["workload"]: policy["selector"] for policy in record(tmp_path)["policies"]}
    assert found["kube-system/Deployment/coredns"] == "k8s-app=kube-dns"
    assert found["shop/Deployment/cart-store"] == "app=cart-store"


def test_names_of_a_dns_map_stand_beside_addresses(tmp_path: Path) -> None:
    names = tmp_path / "names.csv"
    names.write_text("name,address\nmail.example.com,198.51.100.20\n")
    done = flowcheck("suggest", FLOWS, "--cluster", SAMPLE, "-o", tmp_path, "--all", "--dns-map", names)
    assert done.returncode == 0, done.stderr
    ends = [end for seen in _all_seen(tmp_path) for end in seen["ends"] if end["names"]]
    assert {(end["end"], *end["names"]) for end in ends} == {("198.51.100.20", "mail.example.com")}
    assert "#   198.51.100.20 (mail.example.com): " in (tmp_path / "policies.yaml").read_text()


def test_flows_and_cluster_from_standard_input(bare: Path, log: Path, tmp_path: Path) -> None:
    manifests = (bare / "cluster.yaml").read_text()
    done = flowcheck("suggest", log, "--cluster", "-", "-o", tmp_path / "out", stdin=manifests)
    assert done.returncode == 0, done.stderr
    assert len(policies(tmp_path / "out")) == 2


def test_3_a_log_that_could_not_be_read_whole(bare: Path, log: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"PAR1 no")
    done = flowcheck("suggest", log, bad, "--cluster", bare, "-o", tmp_path / "out")
    assert done.returncode == 3
    assert "INCOMPLETE: 1 of 2 files could not be judged" in done.stdout
    assert len(policies(tmp_path / "out")) == 2


def test_1_where_its_own_log_would_lose_what_nothing_explains(log: Path, bare: Path, tmp_path: Path) -> None:
    flowcheck("suggest", log, "--cluster", bare, "-o", tmp_path)
    made = msgspec.convert(record(tmp_path), Suggestion)
    assert made.check is not None
    lost = structs.replace(made.check, denied_records=3)
    seldom = tuple(seen for rule in made.policies[0].rules for seen in rule.seen if seen.once)
    assert made.unexplained == 0
    assert structs.replace(made, check=lost).unexplained == 3
    assert structs.replace(made, check=lost, seldom=seldom).unexplained == 2
    assert structs.replace(made, check=None).unexplained == 0


def test_nothing_to_suggest(bare: Path, tmp_path: Path) -> None:
    log = write(tmp_path / "flows.parquet", flows(2, src_ip=pa.array([WEB, WEB]), action=pa.array([2, 2])))
    done = flowcheck("suggest", log, "--cluster", bare, "-o", tmp_path / "out", "--direction", "egress")
    assert done.returncode == 0, done.stderr
    assert peers(tmp_path / "out") == {}
    reasons = {one["reason"]: one["records"] for one in record(tmp_path / "out")["set_aside_by_reason"]}
    assert reasons == {"refused": 2}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--language", "cilium"), "CiliumNetworkPolicy would not be enforced: the engine is kubernetes"),
        (("--language", "calico", "--cni", "cilium"), "would not be enforced: the engine is cilium"),
        (("--min-connections", "0"), "--min-connections"),
        (("--common-prefix", "33"), "--common-prefix"),
        (("--train-until", "2026-01-02", "--until", "2026-01-01"), "nothing is left to hold against"),
        (("--replace-policies",), "--replace-policies needs --policies"),
        (("--replace-policies", "--policies", "current"), "--replace-policies needs --policies"),
        (("--as-of", "2026-01-01", "--policies", "current"), "contradict one another"),
        (("--since", "2026-01-02", "--until", "2026-01-01"), "--since is not before --until"),
        (("-f", "sarif"), "sarif"),
    ],
)
def test_2_what_cannot_be_meant(
    bare: Path, log: Path, tmp_path: Path, more: tuple[str, ...], said: str
) -> None:
    done = flowcheck("suggest", log, "--cluster", bare, "-o", tmp_path / "out", *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())


def test_4_a_folder_that_cannot_be_made(bare: Path, log: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = flowcheck("suggest", log, "--cluster", bare, "-o", tmp_path / "file" / "out")
    assert done.returncode == 4
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "policies.yaml").symlink_to(tmp_path / "elsewhere")
    done = flowcheck("suggest", log, "--cluster", bare, "-o", tmp_path / "kept")
    assert done.returncode == 4
    assert not (tmp_path / "elsewhere").exists()


def test_help_has_examples() -> None:
    done = flowcheck("suggest", "--help")
    assert done.returncode == 0
    assert "flowcheck suggest flows/ --cluster cluster.json -o suggested" in done.stdout


def test_policies_current_is_no_path(cluster: Path, log: Path, tmp_path: Path) -> None:
    words = ("suggest", log, "--cluster", cluster, "--policies", "current")
    done = flowcheck(*words, "-o", tmp_path / "out")
    assert done.returncode in (0, 1), done.stderr
    assert policies(tmp_path / "out")
