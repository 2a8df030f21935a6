"""A run that has nothing to say is never a clean one: its first line, its exit code, and Python."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from flowcheck.api import audit
from tests.cli.run import ROOT, flowcheck
from tests.runners.worlds import ALLOWED, BAD_PORT, flows, write, write_cluster, write_flows

pytestmark = pytest.mark.usefixtures("forked_workers")

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: 10.96.0.2, selector: {app: db}, ports: [{port: 5432, protocol: TCP}]}
"""


def strangers(file: Path) -> Path:
    ends = {"src_ip": pa.array(["198.51.100.7"] * 2), "dst_ip": pa.array(["203.0.113.9"] * 2)}
    return write(file, flows(2, **ends))


def test_flows_of_another_cluster_are_3_in_every_form(tmp_path: Path, cluster: Path) -> None:
    file = strangers(tmp_path / "f.parquet")
    out = (
        "-o",
        tmp_path / "out",
        "-f",
        f"json={tmp_path}/r.json",
        "-f",
        f"md={tmp_path}/r.md",
        "-f",
        "terminal",
    )
    done = flowcheck("audit", file, "--cluster", cluster, *out)
    assert done.returncode == 3
    said = "nothing was judged: no row has an end in the cluster (2 rows) - INCOMPLETE"
    assert done.stdout.splitlines()[0] == f"flowcheck: {said}"
    assert done.stdout.splitlines()[1].startswith("  is --cluster the cluster that the flows are from")
    assert "--cluster-range" in done.stderr
    assert said in (tmp_path / "r.md").read_text().splitlines()[0]
    assert "no violations" not in done.stdout
    assert "2 not applicable" in done.stdout
    assert "100.00% of" not in done.stdout
    for summary in (
        json.loads((tmp_path / "r.json").read_text())["summary"],
        json.loads((tmp_path / "out" / "summary.json").read_text()),
    ):
        assert (summary["complete"], summary["coverage"]) == (False, 0.0)
        assert summary["nothing"]["reason"] == "no_end_in_cluster"
        assert summary["attribution"]["outside"]["records"] == 2


@pytest.mark.parametrize("options", [["--exit-zero"], ["--fail-on", "none"], ["-f", "csv"]])
def test_no_option_makes_it_clean(tmp_path: Path, cluster: Path, options: list[str]) -> None:
    file = strangers(tmp_path / "f.parquet")
    assert flowcheck("audit", file, "--cluster", cluster, *options).returncode == 3


def test_python_is_told_too(tmp_path: Path, cluster: Path) -> None:
    for reason, file in (
        ("no_rows", write(tmp_path / "none.parquet", flows(0))),
        ("all_rejected", write_flows(tmp_path / "bad.parquet", [BAD_PORT])),
        ("all_unknown", write_flows(tmp_path / "icmp.parquet", [None], protocol=1)),
    ):
        summary = audit(file, cluster, max_rejected_rows=1).summary
        assert summary.nothing is not None
        assert summary.nothing.reason == reason
        assert not summary.complete
    summary = audit(write_flows(tmp_path / "ok.parquet", [ALLOWED]), cluster).summary
    assert (summary.nothing, summary.complete) == (None, True)


def test_load_of_flows_to_no_service_is_3(tmp_path: Path, cluster: Path) -> None:
    file = write_flows(tmp_path / "f.parquet", [ALLOWED])
    done = flowcheck("load", file, "--cluster", cluster)
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        *(3, "flowcheck load: nothing was counted: the cluster has no Services - INCOMPLETE"),
    )
    (cluster / "service.yaml").write_text(SERVICE)
    done = flowcheck("load", strangers(tmp_path / "s.parquet"), "--cluster", cluster, "-f", "json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["nothing"]["reason"] == "no_service_reached"


def test_load_needs_no_policies_and_names_what_it_left_out(tmp_path: Path) -> None:
    cluster = write_cluster(tmp_path / "bare", policies=False)
    (cluster / "service.yaml").write_text(SERVICE)
    ends = {"dst_ip": pa.array(["10.96.0.2"] * 3), "dst_port": pa.array([5432] * 3, pa.int32())}
    file = write(tmp_path / "f.parquet", flows(3, **ends))
    assert flowcheck("load", file, "--cluster", cluster).returncode == 0
    (cluster / "bad.yaml").write_text("kind: [")
    assert flowcheck("load", file, "--cluster", cluster).returncode == 2
    done = flowcheck("load", file, "--cluster", cluster, "--keep-going")
    assert done.returncode == 3
    assert done.stdout.splitlines()[1] == "  incomplete: 1 document of the cluster left out"
    assert "left out: " in done.stderr
    assert "bad.yaml" in done.stderr


EXPLAIN = ("explain", "--from", "shop/front-0", "--to", "shop/orders-0", "--port", "8080")


@pytest.mark.parametrize("words", [("matrix",), ("rules",), EXPLAIN], ids=lambda words: words[0])
def test_a_cluster_whose_policies_are_all_of_another_engine_is_2(words: tuple[str, ...]) -> None:
    """As an audit has it: what answers that all is allowed would be believed."""
    given = (*words, "--cluster", ROOT / "data" / "cilium" / "cluster", "--cni", "flannel")
    done = flowcheck(*given)
    assert done.returncode == 2
    assert "error: no policy is judged, so every flow would be allowed: 6 policies" in done.stderr
    assert done.stdout == ""
    assert flowcheck(*given, "--allow-no-policies").returncode in (0, 1, 3)


PODS = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, labels: {app: web}}
spec: {containers: [{name: c}]}
status: {phase: Running, podIP: 10.1.0.10}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: a, labels: {app: db}}
spec: {containers: [{name: c}]}
status: {phase: Running, podIP: 10.1.0.11}
---
"""
ADMIN = """\
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: deny}
spec:
  priority: 10
  subject: {namespaces: {}}
  ingress: [{action: Deny, from: [{namespaces: {}}]}]
"""
ISTIO = """\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny, namespace: a}
spec: {}
"""
STAGED = """\
apiVersion: projectcalico.org/v3
kind: StagedGlobalNetworkPolicy
metadata: {name: deny}
spec: {selector: all(), types: [Ingress], ingress: [{action: Deny}]}
"""
CILIUM = """\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: deny, namespace: a}
spec: {endpointSelector: {}, ingress: [{PEER}]}
"""


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        (ISTIO, ("--mesh", "off")),
        (ADMIN, ("--cluster-policies", "ignored")),
        (ADMIN, ("--cni", "cilium")),
        (ADMIN, ("--cni", "aws")),
        (STAGED, ("--cni", "calico")),
        (CILIUM.replace("PEER", "") + "---\n" + ISTIO, ("--cni", "kubernetes", "--mesh", "off")),
    ],
    ids=["mesh", "switch", "cilium", "aws", "staged", "both"],
)
def test_policies_that_are_all_left_out_are_2_however(
    tmp_path: Path, policy: str, options: tuple[str, ...]
) -> None:
    (tmp_path / "c.yaml").write_text(PODS + policy)
    given = ("--cluster", tmp_path / "c.yaml", *options)
    ends = {"src_ip": pa.array(["10.1.0.10"]), "dst_ip": pa.array(["10.1.0.11"])}
    file = write(tmp_path / "f.parquet", flows(1, **ends))
    pair = ("--from", "a/web", "--to", "a/db", "--port", "80")
    for words in (("audit", file), ("rules", file), ("rules",), ("matrix",), ("explain", *pair)):
        done = flowcheck(*words, *given)
        assert (done.returncode, done.stdout) == (2, "")
        assert "error: no policy is judged, so every flow would be allowed: " in done.stderr
    assert flowcheck("audit", file, *given, "--enforced", "no", "--allow-no-policies").returncode in (0, 3)


def test_one_that_changed_is_one_policy_that_is_left_out(tmp_path: Path) -> None:
    for hour, peer in ((9, ""), (11, "fromEntities: [world]")):
        text = PODS + CILIUM.replace("PEER", peer)
        (tmp_path / f"2026-03-01T{hour:02}-00-00Z.yaml").write_text(text)
    done = flowcheck("matrix", "--cluster", tmp_path, "--cni", "kubernetes")
    assert done.returncode == 2
    assert (
        "no policy is judged, so every flow would be allowed: 1 policy in the language of Cilium"
        in done.stderr
    )


def test_what_a_plugin_denies_by_itself_is_judged_by(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(PODS + ADMIN)
    given = ("--cluster", tmp_path / "c.yaml", "--cni", "cilium", "--unselected-pods", "denied")
    done = flowcheck("matrix", *given, "--from", "a/web", "--to", "a/db")
    assert done.returncode == 0
    assert "0 of 1 pair may talk by some port" in done.stdout


def test_3_is_told_why_by_every_command(tmp_path: Path) -> None:
    """Policies of an engine that seems to run, left out because another was named, beside others."""
    own = "---\n".join([PODS[:-4], ADMIN, CILIUM.replace("PEER", "")])
    (tmp_path / "c.yaml").write_text(own)
    given = ("--cluster", tmp_path / "c.yaml", "--cni", "kubernetes")
    ends = {"src_ip": pa.array(["10.1.0.10"]), "dst_ip": pa.array(["10.1.0.11"])}
    file = write(tmp_path / "f.parquet", flows(1, **ends))
    pair = ("--from", "a/web", "--to", "a/db", "--port", "80")
    why = (
        "1 policy in the language of Cilium left out because of --cni kubernetes, though they may be in force"
    )
    for words in (("audit", file), ("rules", file), ("rules",), ("matrix",), ("explain", *pair)):
        done = flowcheck(*words, *given)
        assert done.returncode == 3
        assert f"warning: incomplete: {why}" in done.stderr
        assert f"incomplete: {why}" in " ".join(done.stdout.split()).replace("INCOMPLETE", "incomplete")
    explained = json.loads(flowcheck("explain", *pair, *given, "-f", "json").stdout)
    assert [one.startswith(why) for one in explained["perhaps_in_force"]] == [True]
    shown = json.loads(flowcheck("matrix", *given, "-f", "json").stdout)
    assert any(why in note for note in shown["notes"])
