"""``flowcheck matrix`` as a person runs it: what it shows, its queries, its formats, its exit codes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest

from tests.cli.run import ROOT, flowcheck
from tests.runners.worlds import write_cluster

SAMPLE = Path(__file__).parents[2] / "data" / "cluster"
OPEN_POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: more, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress: [{ports: [{port: 9999}]}]
"""
BAD_POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: bad, namespace: shop}
spec: {podSelector: {}, policyTypes: [Sideways]}
"""


def lines(*words: str | Path) -> list[str]:
    done = flowcheck("matrix", *words, env={"COLUMNS": "120"})
    assert done.returncode == 0, done.stderr
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


def test_who_may_reach_whom_by_source(cluster: Path) -> None:
    shown = lines("--cluster", cluster, "--from", "shop/web", "--to", "shop/db")
    assert shown[0] == "flowcheck matrix: 1 of 1 pair may talk by some port"
    assert shown[-2:] == ["shop/Pod/web ->", "shop/Pod/db 5432/TCP"]


def test_pods_of_a_workload_that_differ() -> None:
    shown = lines("--cluster", SAMPLE, "--from", "shop/gateway", "--to", "shop/storefront")
    assert shown[-1] == "shop/Deployment/storefront pods differ: 8080, 9080/TCP"


@pytest.mark.parametrize(
    ("selection", "sources"),
    [
        (("--from", "monitoring"), {"log-agent", "checkout-probe", "grafana", "prometheus"}),
        (("--from", "app=cart"), {"cart"}),
        (("--from", "shop/deployment/cart"), {"cart"}),
        (("--from", "10.42.1.2"), {"coredns"}),
        (("--from", "shop/cart", "--from", "shop/catalog"), {"cart", "catalog"}),
        (("--from", "203.0.113.9"), {"203.0.113.0/24"}),
        (("--from", "internet"), {"internet (IPv4)", "internet (IPv6)"}),
        (("--from", "198.51.100.0/24"), {"198.51.100.0/24", "198.51.100.128/25"}),
    ],
)
def test_what_can_be_chosen(selection: tuple[str, ...], sources: set[str]) -> None:
    done = flowcheck("matrix", "--cluster", SAMPLE, *selection, "-f", "csv")
    rows = [*csv.DictReader(io.StringIO(done.stdout))]
    found = {row["src"] if row["src_kind"] == "block" else row["src"].rpartition("/")[2] for row in rows}
    assert found == sources


def test_a_pod_alone_is_said_to_be_one_of_several() -> None:
    shown = lines("--cluster", SAMPLE, "--from", "10.42.1.2", "--to", "192.0.2.0/26")
    assert "kube-system/Deployment/coredns (1 of 2 pods) ->" in shown


def test_2_a_name_nobody_has(cluster: Path) -> None:
    done = flowcheck("matrix", "--cluster", cluster, "--from", "shop/wep")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--from: 'shop/wep' is nobody of this matrix (did you mean shop/web?)" in done.stderr


@pytest.mark.parametrize("text", ["a==", "=b", "app=web,,", "10.0.0.0/33", "1.2.3"])
def test_2_what_selects_nothing(cluster: Path, text: str) -> None:
    done = flowcheck("matrix", "--cluster", cluster, f"--to={text}")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--to: {text!r}" in done.stderr


def test_one_port_alone(cluster: Path) -> None:
    pair = ("--cluster", cluster, "--from", "shop/web", "--to", "shop/db")
    assert lines(*pair, "--port", "5432")[-1] == "shop/Pod/db every port"
    assert lines(*pair, "--port", "22")[0] == "flowcheck matrix: 0 of 1 pair may talk by some port"


def test_who_is_isolated() -> None:
    done = flowcheck("matrix", "--cluster", SAMPLE, "--isolated", "-f", "json")
    assert json.loads(done.stdout)["nobody_may_reach"] == [
        "monitoring/DaemonSet/log-agent",
        "monitoring/Deployment/checkout-probe",
        "shop/Job/price-import",
    ]
    assert lines("--cluster", SAMPLE, "--isolated")[-1] == "shop/Job/price-import"
    table = flowcheck("matrix", "--cluster", SAMPLE, "--isolated", "-f", "csv").stdout
    assert table.splitlines()[1] == "monitoring/DaemonSet/log-agent,true,false"


def test_what_is_exposed() -> None:
    done = flowcheck("matrix", "--cluster", SAMPLE, "--exposed-to-internet", "-f", "csv")
    exposed = {row["dst"]: row["allow"] for row in csv.DictReader(io.StringIO(done.stdout))}
    assert exposed == {
        "kube-system/Deployment/coredns": "every port",
        "shop/Deployment/gateway": "8080/TCP",
        "monitoring/Deployment/grafana": "3000/TCP",
    }


def test_json_says_which_answer_each_pair_has(cluster: Path) -> None:
    done = flowcheck("matrix", "--cluster", cluster, "-f", "json")
    record = json.loads(done.stdout)
    answer = next(
        p["answer"] for p in record["pairs"] if (p["src"], p["dst"]) == ("shop/Pod/web", "shop/Pod/db")
    )
    told = {one["verdict"]: one["ports"] for one in record["answers"][answer]}
    assert told["allow"] == [{"protocol": "TCP", "first": 5432, "last": 5432}]
    assert told["deny"][0] == {"protocol": "TCP", "first": 1, "last": 5431}


def test_parquet_has_every_stretch(cluster: Path, tmp_path: Path) -> None:
    file = tmp_path / "matrix.parquet"
    assert flowcheck("matrix", "--cluster", cluster, "-o", file).returncode == 0
    rows = pq.read_table(file).to_pylist()
    allowed = [row for row in rows if row["dst"] == "shop/Pod/db" and row["verdict"] == "allow"]
    assert {(row["src"], row["protocol"], row["first_port"], row["last_port"]) for row in allowed} >= {
        ("shop/Pod/web", "TCP", 5432, 5432)
    }


@pytest.mark.parametrize(
    ("form", "edge"),
    [
        ("dot", 'n0 -> n1 [label="5432/TCP"];'),
        ("mermaid", 'n0 -->|"5432/TCP"| n1'),
    ],
)
def test_graphs(cluster: Path, form: str, edge: str) -> None:
    chosen = ("--from", "shop/web", "--to", "shop/db")
    shown = lines("--cluster", cluster, *chosen, "-f", form)
    assert edge in shown


def test_a_picture_is_labelled(cluster: Path, tmp_path: Path) -> None:
    file = tmp_path / "matrix.svg"
    assert flowcheck("matrix", "--cluster", cluster, "-f", f"svg={file}").returncode == 0
    root = ElementTree.parse(file).getroot()
    assert root.get("role") == "img"
    assert (root.get("aria-label") or "").startswith("Who may reach whom: ")
    titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "shop/Pod/web -> shop/Pod/db: 5432/TCP" in titles


def test_1_where_two_clusters_differ_and_that_fails(cluster: Path, tmp_path: Path) -> None:
    other = write_cluster(tmp_path / "other")
    (other / "more.yaml").write_text(OPEN_POLICY)
    words = ("matrix", "--cluster", other, "--against", cluster, "--from", "shop/web", "--to", "shop/db")
    done = flowcheck(*words)
    assert done.returncode == 0
    assert "shop/Pod/web -> shop/Pod/db  9999/TCP: deny -> allow" in done.stdout
    assert flowcheck(*words, "--fail-on-difference").returncode == 1
    record = json.loads(flowcheck(*words, "-f", "json").stdout)
    assert record["counts"] == {"reachable": 1, "unreachable": 0, "changed": 0}
    assert (
        flowcheck(*words, "-f", "csv").stdout.splitlines()[1].startswith("shop/Pod/web,shop/Pod/db,reachable")
    )


def test_0_where_nothing_differs(cluster: Path) -> None:
    done = flowcheck("matrix", "--cluster", cluster, "--against", cluster, "--fail-on-difference")
    assert done.returncode == 0
    assert "0 became reachable, 0 became unreachable, 0 otherwise changed" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fail-on-difference",), "--fail-on-difference needs --against"),
        (("--isolated", "--exposed-to-internet"), "one at a time"),
        (("--isolated", "-f", "svg"), "--isolated has no format svg"),
        (("--exposed-to-internet", "--from", "shop"), "leave out --from"),
        (("-o", "matrix.csv"), "ends in .parquet"),
        (("--isolated", "-o", "matrix.parquet"), "-o writes a whole matrix"),
    ],
)
def test_2_what_cannot_be_meant(cluster: Path, words: tuple[str, ...], said: str) -> None:
    done = flowcheck("matrix", "--cluster", cluster, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_3_where_a_refused_document_was_left_out(cluster: Path) -> None:
    (cluster / "bad.yaml").write_text(BAD_POLICY)
    assert flowcheck("matrix", "--cluster", cluster).returncode == 2
    done = flowcheck("matrix", "--cluster", cluster, "--keep-going")
    assert done.returncode == 3
    assert "INCOMPLETE: with 1 document that could not be read" in done.stdout


def test_after_the_last_snapshot_an_audit_would_not_say_so() -> None:
    """So it is told by whatever speaks of one instant, unless that is before."""
    cluster = ("--cluster", ROOT / "data" / "history" / "cluster")
    pair = ("explain", "--from", "shop/orders", "--to", "shop/orders-db", "--port", "5432")
    said = "warning: policies are known until 2026-03-10T20:00:00Z, the last snapshot"
    for words, at in ((("matrix",), "--at"), (("rules",), "--as-of"), (pair, "--at")):
        assert said in flowcheck(*words, *cluster).stderr
        assert said in flowcheck(*words, *cluster, at, "2026-03-10T20:00:01Z").stderr
        assert "known until" not in flowcheck(*words, *cluster, at, "2026-03-10T19:00:00Z").stderr
    assert "known until" not in flowcheck("rules", *cluster, "--policies", "current").stderr


def test_how_far_a_dns_map_reaches_is_told(tmp_path: Path) -> None:
    sample = ROOT / "data" / "cilium"
    given = ("--cluster", sample / "cluster", "--dns-map", sample / "hubble.jsonl.gz")
    known = "the DNS map tells of names from 2026-03-10T09:00:00Z until 2026-03-10T10:00:00Z"
    missed, then = f"{known}, and not at this moment", "2026-03-10T09:30:00Z"
    assert missed in json.loads(flowcheck("matrix", *given, "-f", "json").stdout)["notes"]
    assert known in json.loads(flowcheck("matrix", *given, "--at", then, "-f", "json").stdout)["notes"]
    assert f"warning: {missed}" in flowcheck("rules", *given).stderr
    assert f"warning: {missed}" in flowcheck("rules", sample / "hubble.jsonl.gz", *given).stderr
    assert "DNS map" not in flowcheck("rules", *given, "--as-of", then).stderr
    (tmp_path / "names.csv").write_text("name,address\nledger.bank.example,198.51.100.20\n")
    always = flowcheck("matrix", *given[:2], "--dns-map", tmp_path / "names.csv")
    assert "DNS map" not in always.stdout
