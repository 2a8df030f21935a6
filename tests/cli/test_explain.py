"""``flowcheck explain`` as a person runs it: its exit codes, its two formats, its errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.run import flowcheck, in_a_process
from tests.runners.worlds import write_cluster


def test_0_whatever_the_verdict_is(cluster: Path) -> None:
    for port, verdict in (("5432", "ALLOW"), ("22/tcp", "DENY"), ("icmp", "UNKNOWN (no_port)")):
        done = flowcheck(
            "explain", "--cluster", cluster, "--from", "shop/web", "--to", "shop/db", "--port", port
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(verdict)


def test_json(cluster: Path) -> None:
    ends = ("--from", "shop/web", "--to", "10.0.0.2", "--port", "5432/udp", "-f", "json")
    done = in_a_process("explain", "--cluster", cluster, *ends)
    record = json.loads(done.stdout)
    assert (record["verdict"], record["protocol"], record["port"]) == ("deny", "UDP", 5432)


def test_2_a_name_nobody_has(cluster: Path) -> None:
    done = flowcheck("explain", "--cluster", cluster, "--from", "shop/wep", "--to", "shop/db", "--port", "80")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean shop/web" in done.stderr


@pytest.mark.parametrize("port", ["0", "65536", "http", "80/xyz", "-1"])
def test_2_a_port_there_cannot_be(cluster: Path, port: str) -> None:
    done = flowcheck(
        "explain", "--cluster", cluster, "--from", "shop/web", "--to", "shop/db", f"--port={port}"
    )
    assert done.returncode == 2
    assert "is not a port" in done.stderr


def test_2_a_source_port_of_what_has_none(cluster: Path) -> None:
    ends = ("--from", "shop/web", "--to", "shop/db", "--port", "icmp")
    done = flowcheck("explain", "--cluster", cluster, *ends, "--source-port", "53")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--source-port: icmp has no ports" in done.stderr


def test_2_no_policies_unless_that_is_meant(tmp_path: Path) -> None:
    cluster = write_cluster(tmp_path / "bare", policies=False)
    ends = ("--from", "shop/web", "--to", "shop/db", "--port", "80")
    assert flowcheck("explain", "--cluster", cluster, *ends).returncode == 2
    done = flowcheck("explain", "--cluster", cluster, "--allow-no-policies", *ends)
    assert (done.returncode, done.stdout[:5]) == (0, "ALLOW")


def test_3_where_a_refused_document_was_left_out(cluster: Path) -> None:
    (cluster / "bad.yaml").write_text(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        "metadata: {name: bad, namespace: shop}\nspec: {podSelector: {}, policyTypes: [Sideways]}\n"
    )
    ends = ("--from", "shop/web", "--to", "shop/db", "--port", "80")
    assert flowcheck("explain", "--cluster", cluster, *ends).returncode == 2
    done = flowcheck("explain", "--cluster", cluster, "--keep-going", *ends)
    assert done.returncode == 3
    said = "INCOMPLETE: with 1 document that could not be read the answer may be another."
    assert done.stdout.splitlines()[2] == said
    assert "bad.yaml:1: NetworkPolicy bad refused" in " ".join(done.stdout.split())
    assert "bad.yaml:1" in done.stderr


def test_the_dialect_options_count(cluster: Path) -> None:
    ends = ("--from", "shop/web", "--to", "shop/db", "--port", "icmp", "--icmp", "policy")
    assert flowcheck("explain", "--cluster", cluster, *ends).stdout.startswith("DENY")


def test_policies_of_cilium_are_walked_and_changed_in_their_language() -> None:
    sample = Path(__file__).parent.parent.parent / "data" / "cilium" / "cluster"
    ends = ("--from", "shop/front-0", "--to", "pay/ledger-0", "--port", "5432")
    said = in_a_process("explain", "--cluster", sample, *ends).stdout
    assert "for endpointSelector: {matchLabels: {app: ledger}}" in said
    assert "add this rule to spec.ingress of CiliumNetworkPolicy/pay/ledger" in " ".join(said.split())
    record = json.loads(in_a_process("explain", "--cluster", sample, *ends, "-f", "json").stdout)
    (policy,) = record["cases"][0]["ingress"]["tiers"][0]["policies"]
    assert policy["selector"] == "endpointSelector: {matchLabels: {app: ledger}}"
    texts = [peer["text"] for rule in policy["rules"] for peer in rule["peers"]]
    assert texts[0] == "fromEntities: world"
    assert record["change"]["edits"][1]["policy"] == "CiliumNetworkPolicy/pay/ledger"
