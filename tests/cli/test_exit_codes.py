"""One meaning for each exit code, seen from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.run import flowcheck, in_a_process
from tests.runners.worlds import ALLOWED, BAD_PORT, DENIED, write_cluster, write_flows

pytestmark = pytest.mark.usefixtures("forked_workers")


def test_0_complete_and_clean(tmp_path: Path, cluster: Path) -> None:
    done = in_a_process("audit", write_flows(tmp_path / "f.parquet", [ALLOWED]), "--cluster", cluster)
    assert done.returncode == 0, done.stderr
    assert "no violations among 1 judged row" in done.stdout


def test_1_violations_found(tmp_path: Path, cluster: Path) -> None:
    flows = write_flows(tmp_path / "f.parquet", [ALLOWED, DENIED])
    done = in_a_process("audit", flows, "--cluster", cluster, "-o", tmp_path / "out", "-f", "json")
    assert done.returncode == 1, done.stderr
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["kind"], finding["port"], finding["records"]) == ("forwarded_denied", DENIED, 1)
    assert (tmp_path / "out" / "violations.parquet").is_file()


@pytest.mark.parametrize("option", ["--exit-zero", "--fail-on=none"])
def test_0_where_violations_are_not_to_fail(tmp_path: Path, cluster: Path, option: str) -> None:
    flows = write_flows(tmp_path / "f.parquet", [DENIED])
    assert flowcheck("audit", flows, "--cluster", cluster, option).returncode == 0


def test_1_where_unresolved_is_to_fail(tmp_path: Path, cluster: Path) -> None:
    """ICMP to an isolated pod is unknown."""
    write_flows(tmp_path / "flows" / "icmp.parquet", [None], protocol=1)
    write_flows(tmp_path / "flows" / "tcp.parquet", [ALLOWED])
    flows = tmp_path / "flows"
    assert flowcheck("audit", flows, "--cluster", cluster).returncode == 0
    assert flowcheck("audit", flows, "--cluster", cluster, "--fail-on", "unresolved").returncode == 1


@pytest.mark.parametrize("extra", [[], ["--exit-zero"], ["--fail-on", "none"]])
def test_3_a_bad_row_beats_violations(tmp_path: Path, cluster: Path, extra: list[str]) -> None:
    flows = write_flows(tmp_path / "f.parquet", [DENIED, BAD_PORT])
    done = flowcheck("audit", flows, "--cluster", cluster, *extra)
    assert done.returncode == 3, done.stderr
    assert "incomplete" in done.stderr
    assert "1 finding - INCOMPLETE" in done.stdout


def test_1_where_the_bad_row_is_tolerated(tmp_path: Path, cluster: Path) -> None:
    flows = write_flows(tmp_path / "f.parquet", [DENIED, BAD_PORT])
    assert flowcheck("audit", flows, "--cluster", cluster, "--max-rejected", "1").returncode == 1


def test_3_a_broken_file_among_good_ones(tmp_path: Path, cluster: Path) -> None:
    write_flows(tmp_path / "flows" / "good.parquet", [ALLOWED])
    (tmp_path / "flows" / "bad.parquet").write_bytes(b"PAR1 not really")
    done = flowcheck("audit", tmp_path / "flows", "--cluster", cluster)
    assert done.returncode == 3, done.stderr
    assert "bad.parquet" in done.stdout


def test_3_coverage_below_the_minimum(tmp_path: Path, cluster: Path) -> None:
    flows = write_flows(tmp_path / "f.parquet", [None], protocol=1)
    assert flowcheck("audit", flows, "--cluster", cluster, "--min-coverage", "50%").returncode == 3


@pytest.mark.parametrize(
    "content", ["kind: [", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nspec: 1\n"]
)
def test_2_a_bad_policy_document_stops_the_run(tmp_path: Path, cluster: Path, content: str) -> None:
    (cluster / "bad.yaml").write_text(content)
    done = flowcheck("audit", write_flows(tmp_path / "f.parquet", [ALLOWED]), "--cluster", cluster)
    assert done.returncode == 2
    assert "bad.yaml" in done.stderr
    assert done.stdout == ""


CILIUM = """
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: p, namespace: x}
spec: {endpointSelector: {}, ingress: [{fromCIDR: [%s]}]}
"""


def test_2_what_the_api_server_would_refuse_of_cilium(tmp_path: Path, cluster: Path) -> None:
    (cluster / "cnp.yaml").write_text(CILIUM % "10.0.0.1")
    done = flowcheck("audit", write_flows(tmp_path / "f.parquet", [ALLOWED]), "--cluster", cluster)
    assert done.returncode == 2
    assert "cnp.yaml:5 spec.ingress[0].fromCIDR[0]: CiliumNetworkPolicy x/p: is no CIDR" in done.stderr


def test_0_what_only_ciliums_agent_refuses_is_absent_and_counted(tmp_path: Path, cluster: Path) -> None:
    (cluster / "cnp.yaml").write_text(CILIUM % "10.0.0.0/08")
    flows = write_flows(tmp_path / "f.parquet", [ALLOWED])
    said = "refused by its engine: spec.ingress[0].fromCIDR[0]: is a CIDR with zeros"
    done = flowcheck("audit", flows, "--cluster", cluster, "--cni", "kubernetes", "-f", "json")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["summary"]["cluster"]
    assert (counts["policies"], counts["skipped_kinds"]) == (1, {"CiliumNetworkPolicy": 1})
    (refused,) = counts["refused_by_engine"]
    assert f"cnp.yaml:2: CiliumNetworkPolicy x/p {said}" in refused
    assert "Cilium refuses the whole policy, so it has no effect" in done.stderr
    done = flowcheck("audit", flows, "--cluster", cluster, "--cni", "kubernetes")
    assert "1 document that took no part (1 CiliumNetworkPolicy)" in done.stdout
    assert "not in force: " in done.stdout
    for command in (("audit", flows), ("explain", "--from", "10.0.0.1", "--to", "10.0.0.2", "--port", "80")):
        done = flowcheck(*command, "--cluster", cluster, "--strict")
        assert done.returncode == 2
        assert said in done.stderr
        assert "remove it, or leave out --strict" in done.stderr


def test_2_where_the_only_policy_is_refused(tmp_path: Path) -> None:
    cluster = write_cluster(tmp_path / "other", policies=False)
    (cluster / "cnp.yaml").write_text(CILIUM % "10.0.0.0/08")
    done = flowcheck("audit", write_flows(tmp_path / "f.parquet", [ALLOWED]), "--cluster", cluster)
    assert done.returncode == 2
    assert "no policies" in done.stderr


def test_3_a_bad_policy_document_with_keep_going(tmp_path: Path, cluster: Path) -> None:
    (cluster / "bad.yaml").write_text("kind: [")
    flows = write_flows(tmp_path / "f.parquet", [ALLOWED])
    assert flowcheck("audit", flows, "--cluster", cluster, "--keep-going").returncode == 3


def test_2_no_flows(tmp_path: Path, cluster: Path) -> None:
    (tmp_path / "none").mkdir()
    assert flowcheck("audit", tmp_path / "none", "--cluster", cluster).returncode == 2
    assert flowcheck("audit", tmp_path / "missing.parquet", "--cluster", cluster).returncode == 2


def test_2_no_policies_unless_meant(tmp_path: Path) -> None:
    cluster = write_cluster(tmp_path / "c", policies=False)
    flows = write_flows(tmp_path / "f.parquet", [ALLOWED])
    assert flowcheck("audit", flows, "--cluster", cluster).returncode == 2
    assert flowcheck("audit", flows, "--cluster", cluster, "--allow-no-policies").returncode == 0


def test_2_no_pods(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    flows = write_flows(tmp_path / "f.parquet", [ALLOWED])
    assert flowcheck("audit", flows, "--cluster", tmp_path / "c").returncode == 2


def test_4_an_output_that_cannot_be_written(tmp_path: Path, cluster: Path) -> None:
    (tmp_path / "file").touch()
    flows = write_flows(tmp_path / "f.parquet", [ALLOWED])
    done = flowcheck("audit", flows, "--cluster", cluster, "-f", f"json={tmp_path}/file/x.json")
    assert done.returncode == 4
    assert "cannot write" in done.stderr


def test_4_a_full_standard_output(tmp_path: Path, cluster: Path) -> None:
    flows = write_flows(tmp_path / "f.parquet", [ALLOWED])
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = in_a_process("audit", flows, "--cluster", cluster, stdout=full)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1


def cilium_policy(path: Path) -> Path:
    head = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy"
    spec = "{endpointSelector: {}, ingress: [{}]}"
    path.write_text(f"{head}\nmetadata: {{name: c, namespace: shop}}\nspec: {spec}\n")
    return path


def test_3_policies_of_an_engine_that_seems_to_run_are_left_out(tmp_path: Path, cluster: Path) -> None:
    flows = write_flows(tmp_path / "f.parquet", [ALLOWED])
    given = ("audit", flows, "--cluster", cluster, "--policies", cilium_policy(tmp_path / "c.yaml"))
    done = flowcheck(*given, "--cni", "calico", env={"COLUMNS": "200"})
    assert done.returncode == 3, done.stderr
    verdict = done.stdout.splitlines()[0]
    assert "; 1 policy in the language of Cilium left out because of --cni calico - INCOMPLETE" in verdict
    assert "1 of these policies is Cilium's own and left out of every verdict" in done.stdout
    assert flowcheck(*given).returncode == 0
    asked = ("--from", "shop/web", "--to", "shop/db", "--port", "5432")
    explained = flowcheck("explain", *given[2:], *asked, "--cni", "calico")
    assert explained.returncode == 3, explained.stderr
    assert flowcheck("explain", *given[2:], *asked).returncode == 0


def test_2_policies_of_another_engine_are_left_out_and_strict(tmp_path: Path, cluster: Path) -> None:
    flows = write_flows(tmp_path / "f.parquet", [ALLOWED])
    policies = cilium_policy(tmp_path / "c.yaml")
    given = ("audit", flows, "--cluster", cluster, "--policies", policies, "--strict")
    done = flowcheck(*given, "--cni", "calico")
    assert done.returncode == 2
    assert "because of --cni calico (first: CiliumNetworkPolicy/shop/c (" in done.stderr
    assert flowcheck(*given).returncode == 0


def test_2_where_no_policy_is_left_for_the_engine(tmp_path: Path, cluster: Path) -> None:
    flows = write_flows(tmp_path / "f.parquet", [ALLOWED])
    policies = ("--replace-policies", "--policies", cilium_policy(tmp_path / "c.yaml"))
    given = ("audit", flows, "--cluster", cluster, *policies, "--cni", "calico")
    done = flowcheck(*given)
    assert done.returncode == 2
    assert "no policy is judged" in done.stderr
    assert flowcheck(*given, "--allow-no-policies").returncode == 3
