"""What an audit wrote holds, whatever was in it; and its manifest is one for one result."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from flowcheck.api import audit
from flowcheck.cli.main import main
from flowcheck.flows.files.finding import MANIFEST, RESULTS
from flowcheck.runners.verifying.verify import verify
from tests.cli.run import ROOT, flowcheck
from tests.runners.verifying.results import told_of
from tests.runners.worlds import DENIED, ledger, ports, write, write_flows

pytestmark = pytest.mark.usefixtures("forked_workers")


def manifest(out: Path) -> dict[str, Any]:
    entries = json.loads((out / "manifest.json").read_text())["files"]
    return {entry["file"]: entry for entry in entries}


def test_rejected_and_filtered_rows_and_failed_files_are_accounted_for(written: Path) -> None:
    found = verify(written, inputs=True)
    assert found.differences == ()
    assert (found.files, found.rows, found.violations, found.findings) == (9, 11, 6, 3)
    assert found.inputs is not None
    assert found.inputs.files == 7  # the failed one too
    assert found.inputs.not_checked == ()
    totals = json.loads((written / "ledger.json").read_text())["totals"]
    assert (totals["rows_rejected"], totals["rows_filtered"], totals["files_failed"]) == (1, 1, 1)


@pytest.mark.parametrize(
    "words",
    [
        ["audit", "data/flows", "--cluster", "data/cluster", "-n", "shop"],
        ["audit", "data/logs/hubble.jsonl.gz", "data/logs/goldmane.jsonl.gz", "--cluster", "data/cluster"],
        ["audit", "data/logs/vpc.parquet", "--cluster", "data/cluster", "--keep-columns"],
        ["audit", "data/mesh/logs", "--cluster", "data/mesh/cluster"],
        ["audit", "data/cilium/hubble.jsonl.gz", "--cluster", "data/cilium/cluster"],
        ["audit", "data/flows", "--cluster", "data/cluster", "--cni", "flannel"],
        ["audit", "data/history/flows.parquet", "--cluster", "data/history/cluster"],
        ["load", "data/flows", "--cluster", "data/cluster", "--ambiguous", "proportional"],
    ],
    ids=lambda words: " ".join(words[:2] + words[-2:]),
)
def test_the_samples_hold(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert flowcheck(*words, "-o", tmp_path / "out", "-q").returncode in (0, 1, 3)
    assert told_of(tmp_path / "out", inputs=True) == {}


def test_the_demo_holds(tmp_path: Path) -> None:
    assert main(["demo", str(tmp_path / "demo"), "-q"]) == 1
    assert told_of(tmp_path / "demo" / "out", inputs=True) == {}


def test_the_manifest_lists_every_other_file(written: Path) -> None:
    listed = manifest(written)
    assert [*listed] == sorted(RESULTS)
    for name, entry in listed.items():
        assert entry["bytes"] == (written / name).stat().st_size


def test_the_manifest_does_not_depend_on_workers(tmp_path: Path, cluster: Path) -> None:
    """But for the summary, which has the times of the run."""
    for number in range(3):
        write_flows(tmp_path / "flows" / f"{number}.parquet", [5432, 22] * (1000 + number))
    listed = []
    for jobs in (1, 3):
        audit(tmp_path / "flows", cluster, out=tmp_path / "out", jobs=jobs)
        found = manifest(tmp_path / "out")
        del found["summary.json"]
        listed.append(found)
    assert listed[0] == listed[1]


def test_only_what_is_written_has_hashes_of_its_inputs(tmp_path: Path, cluster: Path) -> None:
    file = write(tmp_path / "flows.parquet", ports([DENIED]))
    assert audit(file, cluster).ledger.files[0].sha256 is None
    assert audit(file, cluster, out=tmp_path / "out").ledger.files[0].sha256 is not None


def test_what_is_no_file_is_told_of_and_not_checked(tmp_path: Path, cluster: Path) -> None:
    audit(ports([DENIED]), cluster, out=tmp_path / "out")
    found = verify(tmp_path / "out", inputs=True)
    assert found.holds
    assert found.inputs is not None
    assert (found.inputs.files, found.inputs.not_checked) == (2, ("<Table>",))


def test_names_that_are_not_utf8_are_found_again(tmp_path: Path, cluster: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff\\x"
    os.rename(write(tmp_path / "flows.parquet", ports([DENIED])), odd + b".parquet")
    os.rename(cluster / "policy.yaml", os.fsencode(cluster) + b"/\xe9.yaml")
    audit(os.fsdecode(odd) + ".parquet", cluster, out=tmp_path / "out")
    assert "\\xff\\x.parquet" in ledger(tmp_path / "out")
    assert told_of(tmp_path / "out", inputs=True) == {}


def test_the_page_lists_every_file() -> None:
    page = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
    table = page.split("| file | holds |")[1].split("\n\n")[0]
    named = {name for row in table.splitlines()[2:] for name in re.findall(r"`([\w.]+)`", row.split("|")[1])}
    assert named == {*RESULTS, MANIFEST}
