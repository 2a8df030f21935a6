"""Comparisons as a whole: they agree with two audits and with ``explain``, whoever works how, interrupted or
not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flowcheck.compile import compile_program
from flowcheck.explaining import explain
from flowcheck.flows.formats.parquet import FlowFile
from flowcheck.reading import load_cluster
from flowcheck.results.diff.twice import same_groups
from flowcheck.runners.messages import Judge, Setup
from flowcheck.runners.program.given import give
from flowcheck.runners.tasks.paired import Compared, PairedRunner
from flowcheck.runners.workspace import FOLDER
from tests.cli.run import ROOT, flowcheck
from tests.runners.disturbed import hear_signals, wait_for
from tests.runners.worlds import flows, write, write_cluster

pytestmark = pytest.mark.usefixtures("forked_workers")

SAMPLES = {
    "kubernetes": ("data/flows", "data/cluster"),
    "cilium": ("data/cilium/hubble.jsonl.gz", "data/cilium/cluster"),
    "mesh": ("data/mesh/logs", "data/mesh/cluster"),
    "history": ("data/history/flows.parquet", "data/history/cluster"),
}
MORE = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: more, namespace: NAMESPACE}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 8080}]}]}
"""
NAMESPACES = {"kubernetes": "shop", "cilium": "pay", "mesh": "stock", "history": "shop"}
RUN = ("version", "started_at", "timings", "rows_per_second", "versions", "resumed")
"""What is of a run and not of its answer."""


def said(text: str) -> dict[str, Any]:
    return {name: value for name, value in json.loads(text).items() if name not in RUN}


@pytest.mark.parametrize("sample", SAMPLES)
def test_either_side_says_what_an_audit_says(sample: str, tmp_path: Path) -> None:
    """By verdict and reason, on all samples: logs, meshes, clusters over time."""
    log, cluster = SAMPLES[sample]
    new = tmp_path / "new.yaml"
    new.write_text(MORE.replace("NAMESPACE", NAMESPACES[sample]))
    with chdir(ROOT):
        compared = flowcheck("diff", log, "--cluster", cluster, "--policies", new, "-f", "json")
        audits = [
            flowcheck("audit", log, "--cluster", cluster, *more, "-f", "json")
            for more in ((), ("--policies", new, "--replace-policies"))
        ]
    assert compared.returncode in (0, 1), compared.stderr
    record = json.loads(compared.stdout)
    assert record["changes"]
    for side, audit in zip(("before", "after"), audits, strict=True):
        summary = json.loads(audit.stdout)["summary"]
        assert record[side]["verdicts"] == summary["verdicts"]
        assert record[side]["coverage"] == summary["coverage"]
        assert record[side]["program"] == summary["program"]
        judged = [summary["totals"][f"rows_{what}"] for what in ("judged", "unknown")]
        assert sum(judged) == sum(one["records"] for one in record["transitions"])


def test_the_rules_are_those_that_explain_names(tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(MORE.replace("NAMESPACE", "shop"))
    with chdir(ROOT):
        done = flowcheck(
            "diff", *("data/flows", "--cluster", "data/cluster", "--policies", new, "-f", "json")
        )
        clusters = (
            load_cluster(["data/cluster"]),
            load_cluster(["data/cluster"], policies=[new], replace_policies=True),
        )
    programs = [compile_program(cluster) for cluster in clusters]
    changes = json.loads(done.stdout)["changes"]
    assert len(changes) >= 20
    for change in changes:
        asked = {"src": change["example"]["src_ip"], "dst": change["example"]["dst_ip"]}
        for program, side in zip(programs, (change["before"], change["after"]), strict=True):
            (case,) = explain(program, **asked, port=change["port"], protocol=change["protocol"]).cases
            assert case.verdict == side["verdict"]
            sides = [one for one in (case.egress, case.ingress) if one.verdict == case.verdict]
            named = {name for one in sides for name in _one_by_one(one.decided_by)}
            assert named == set(side.get("policies", ()))


def _one_by_one(text: str) -> Iterator[str]:
    names = text.removeprefix("default-deny by ")
    for name in names.split(", ") if names != text else []:
        yield f"default-deny by {name}"
    if names == text and text:
        yield text


@pytest.fixture(scope="module")
def compared(world: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """The words of a comparison, and what one that nobody disturbed wrote."""
    base = tmp_path_factory.mktemp("compared")
    new = write_cluster(base / "new") / "policy.yaml"
    new.write_text(new.read_text().replace("port: 5432", "port: 443"))
    words = ["diff", *map(str, (world / "flows", "--cluster", world / "cluster", "--policies", new)), "-q"]
    assert flowcheck(*words, "-o", base / "expected", "--jobs", "1").returncode == 1
    return words, base / "expected"


def results(out: Path) -> list[dict[str, Any]]:
    return [said((out / name).read_text()) for name in ("diff.json", "ledger.json")]


def test_nothing_depends_on_how_many_work(compared: tuple[list[str], Path], tmp_path: Path) -> None:
    words, expected = compared
    assert flowcheck(*words, "-o", tmp_path, "--jobs", "2").returncode == 1
    assert results(tmp_path) == results(expected)


def test_an_interrupted_comparison_goes_on(compared: tuple[list[str], Path], tmp_path: Path) -> None:
    words, expected = compared
    out = tmp_path / "out"
    run = subprocess.Popen(
        [sys.executable, "-m", "flowcheck", *words, "-o", str(out), "--jobs", "1"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=hear_signals,
    )
    wait_for(lambda: bool(list(out.glob(f"{FOLDER}/*.done"))))
    run.kill()
    run.wait()
    other = flowcheck("audit", *words[1:4], "-o", out, "--resume")
    assert other.returncode == 2
    assert "other flows, policies or options" in other.stderr
    again = flowcheck(*[word for word in words if word != "-q"], "-o", out, "--jobs", "1", "--resume")
    assert again.returncode == 1
    assert "had been judged before" in again.stderr
    assert results(out) == results(expected)
    assert json.loads((out / "diff.json").read_text())["resumed"]["files"] >= 1


def test_examples_are_found_in_batches_that_bring_nothing_new(tmp_path: Path) -> None:
    """Of a batch whose changes are all known nothing is written, and the next is not taken for it."""
    before = load_cluster([write_cluster(tmp_path / "cluster")])
    policies = tuple(replace(policy, ingress=()) for policy in before.policies)
    programs = compile_program(before), compile_program(replace(before, policies=policies))
    ports = [5432, 5432, 5432, 5432, 5432, 5432]
    sources = ["10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1", "192.0.2.1", "10.0.0.1"]
    table = flows(6, dst_port=pa.array(ports), src_ip=pa.array(sources))
    path = write(tmp_path / "flows.parquet", table)
    given = [give(program, None) for program in programs]
    runner = PairedRunner(
        Compared(given[0], given[1], same_groups(*programs)),
        Setup(True, str(tmp_path), None, None, (), False),
    )
    with FlowFile(str(path)) as file:
        file.batch_rows = 2
        order = Judge(0, 0, b"", "flows", file.identity, (), 0, 6)
        name = runner.run(order, file, lambda _rows: None)
    with pa.ipc.open_stream(tmp_path / f"{name}.violations") as stream:
        assert [batch.column("row").to_pylist() for batch in stream] == [[0]]
