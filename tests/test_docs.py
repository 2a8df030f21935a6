"""The documents are true: what the README shows is printed, and what it names exists."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import textwrap
from contextlib import chdir
from pathlib import Path

import pytest

from flowcheck.cli.exits import Exit
from flowcheck.runners.messages import MEMORY, NO_PROGRESS
from flowcheck.stores.wanted import CANNOT_FETCH
from tests.cli.run import flowcheck

pytestmark = pytest.mark.usefixtures("forked_workers")

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def run(*words: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    with chdir(cwd):
        return flowcheck(*words, env={"COLUMNS": "100"})


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A written sample and everything the command said about it."""
    folder = tmp_path_factory.mktemp("demo")
    done = run("demo", folder)
    assert done.returncode == 1, done.stderr
    return folder, done.stdout + done.stderr


def test_the_readme_shows_what_the_demo_prints(demo: tuple[Path, str]) -> None:
    shown = README.split("<!-- demo -->\n```\n")[1].split("\n```")[0]
    printed = demo[1]
    missing = [line for line in shown.splitlines() if line not in ("...", "") and line not in printed]
    assert not missing


def test_the_readme_shows_what_the_audit_over_time_prints() -> None:
    shown = README.split("<!-- history -->\n```\n")[1].split("\n```")[0]
    command = README.split("<!-- history -->")[0].rsplit("\nflowcheck ", 1)[1].split("\n")[0]
    printed = run(*command.split(), cwd=ROOT).stdout
    assert [line for line in shown.splitlines() if line not in ("...", "") and line not in printed] == []


def test_the_readme_shows_what_a_question_is_answered(demo: tuple[Path, str]) -> None:
    shown = README.split("<!-- query -->\n```\n")[1].split("\n```")[0]
    sql = README.split('flowcheck query result "')[1].split('"\n')[0]
    assert run("query", demo[0] / "out", sql).stdout == shown + "\n"


def test_the_readme_shows_what_the_matrix_prints() -> None:
    shown = README.split("<!-- matrix -->\n```\n")[1].split("\n```")[0]
    command = README.split("<!-- matrix -->")[0].rsplit("\nflowcheck ", 1)[1].split("\n")[0]
    assert shown in run(*command.split()).stdout


def test_the_readme_shows_what_the_comparison_prints() -> None:
    shown = README.split("<!-- diff -->\n```\n")[1].split("\n```")[0]
    command = README.split("<!-- diff -->")[0].rsplit("\nflowcheck ", 1)[1].split("\n")[0]
    printed = run(*command.split())
    assert printed.returncode == 1
    for stretch in shown.split("\n...\n"):
        assert stretch.removesuffix("\n...") in printed.stdout


def test_the_readme_shows_what_is_suggested(tmp_path: Path) -> None:
    shown = README.split("<!-- suggest: 1 -->\n```\n")[1].split("\n```")[0]
    command = README.split("<!-- suggest: 1 -->")[0].rsplit("\nflowcheck ", 1)[1].split("\n")[0]
    done = run(*(tmp_path if word == "suggested" else word for word in command.split()))
    assert done.returncode == 1, done.stderr
    assert [line for line in shown.splitlines() if line not in ("...", *done.stdout.splitlines())] == []


@pytest.mark.parametrize("sample", ["cilium", "mesh", "rules"])
def test_the_readme_shows_what_the_audits_of_other_samples_print(sample: str) -> None:
    shown = README.split(f"<!-- {sample} -->\n```\n")[1].split("\n```")[0]
    command = README.split(f"<!-- {sample} -->")[0].rsplit("\nflowcheck ", 1)[1].split("\n")[0]
    printed = run(*command.split(), cwd=ROOT).stdout
    assert [line for line in shown.splitlines() if line not in ("...", "") and line not in printed] == []


def test_the_readme_shows_what_load_prints() -> None:
    shown = README.split("<!-- load -->\n```\n")[1].split("\n```")[0]
    printed = run("load", "data/flows", "--cluster", "data/cluster").stdout
    assert [line for line in shown.splitlines() if line not in ("...", "") and line not in printed] == []


def test_every_command_the_readme_names_has_a_help_page() -> None:
    commands = "|".join((*HELPED, "query|inventory|demo|warmup|doctor|completion"))
    named = set(re.findall(rf"flowcheck ({commands})\b", README))
    assert {"audit", "explain"} <= named
    for command in named:
        assert run(command, "--help").returncode == 0


HELPED = ("audit", "diff", "explain", "matrix", "rules", "suggest", "load", "verify", "snapshot")


def test_every_option_the_readme_names_exists() -> None:
    helped = "".join(run(name, "--help").stdout for name in HELPED)
    ours = re.sub(r"`python -m benchmarks[^`]*`|`kubectl[^`]*`|bin/pip .*", "", README)
    named = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", ours))
    assert [option for option in sorted(named) if option not in helped] == []


def test_what_is_assumed_names_options_and_reasons_that_exist() -> None:
    from flowcheck.model.verdict import Reason

    text = (ROOT / "docs" / "assumptions.md").read_text(encoding="utf-8")
    helps = run("audit", "--help").stdout
    assert not [option for option in re.findall(r"`(--[a-z-]+)", text) if option not in helps]
    named = set(re.findall(r"`((?:no|unresolved|ambiguous|unknown|unsupported)_\w+)`", text))
    assert named <= set(Reason)
    open_ones = {Reason.NO_NAMESPACE, Reason.NO_NODE, Reason.NO_SERVICE, Reason.NO_PORT, Reason.AMBIGUOUS_DST}
    assert open_ones <= named
    explained = set(re.findall(r"`(\w+)`", README.split("| reason |")[1].split("\n\n")[0]))
    explained |= set(re.findall(r"`(\w+)` \|$", text, re.MULTILINE))
    assert set(Reason) - {Reason.NONE} <= explained


def test_every_exit_code_of_the_readme_is_one_the_program_has() -> None:
    table = README.split("## Exit codes")[1].split("##")[0]
    codes = [int(code) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.M) for code in row.split(",")]
    assert codes == [0, 1, 2, 3, 4, 5, 129, 130, 131, 143]
    assert set(codes) | {141} == {int(code) for code in Exit}


def test_the_reasons_of_files_that_failed_are_those_there_are() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    sources = "".join(file.read_text() for file in (ROOT / "flowcheck" / "runners").glob("*.py"))
    given = set(re.findall(r'(?:_failed\(\s*order, |_lose\(worker, |failure = \()"(\w+)"', sources))
    assert told == given | {MEMORY, NO_PROGRESS, CANNOT_FETCH}


def test_the_output_files_the_readme_names_are_written(demo: tuple[Path, str]) -> None:
    named = set(re.findall(r"`(\w+\.(?:parquet|json))`", README)) - {
        "flows.parquet",
        "cluster.json",
        "inventory.parquet",
    }
    assert named == {path.name for path in (demo[0] / "out").iterdir() if not path.name.startswith(".")}


def test_the_columns_of_the_readme_are_those_that_are_read() -> None:
    from flowcheck.flows.canonical.schema import COLUMNS

    table = README.split("## Canonical flow columns")[1].split("\n\n")[1]
    named = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    shortened = {name for name in COLUMNS if name.startswith("dst_") and name not in named}
    assert named <= set(COLUMNS)
    assert set(COLUMNS) - named == shortened


def write_cluster_json(path: Path, cluster: Path) -> list[str]:
    """The manifests of a folder as the List that kubectl prints; the pods' addresses."""
    import yaml

    documents = [
        document
        for file in sorted(cluster.glob("*.yaml"))
        for document in yaml.safe_load_all(file.read_text())
        if document
    ]
    pods = [document["status"]["podIP"] for document in documents if document["kind"] == "Pod"]
    listed = {"apiVersion": "v1", "kind": "List", "items": documents}
    path.write_text(json.dumps(listed, default=str))
    return pods


def test_the_readme_audit_of_flows_made_as_it_says_works(tmp_path: Path, demo: tuple[Path, str]) -> None:
    """The columns of the README's example and nothing else, against a kubectl-like List."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pods = write_cluster_json(tmp_path / "cluster.json", demo[0] / "cluster")
    flows = pa.table(
        {
            "start_time": pa.array([1793527200000000000], pa.timestamp("ns")),
            "src_ip": pods[:1],
            "dst_ip": pods[1:2],
            "dst_port": [5432],
            "protocol": [6],
            "action": [1],
        }
    )
    pq.write_table(flows, tmp_path / "flows.parquet")
    done = run("audit", "flows.parquet", "--cluster", "cluster.json", "-o", "result", cwd=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    summary = json.loads((tmp_path / "result" / "summary.json").read_text())
    assert summary["totals"]["rows_declared"] == 1


PYTHON = re.findall(r"^ *```python\n(.*?)^ *```$", README, re.M | re.S)


def test_the_python_of_the_readme_runs_as_it_stands(tmp_path: Path, demo: tuple[Path, str]) -> None:
    """Every block after the other in one process, as someone would who reads from the top."""
    write_cluster_json(tmp_path / "cluster.json", demo[0] / "cluster")
    script = tmp_path / "readme.py"
    script.write_text("\n".join(textwrap.dedent(block) for block in PYTHON))
    strict = [sys.executable, "-W", "error", str(script)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(strict, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "flows.parquet").exists()
    assert "verdict" in done.stdout
    assert "\nflowcheck: " in done.stdout
    assert "10.244.1.7 -> 10.244.2.9, 5432/TCP" in done.stdout


def test_the_readme_says_where_the_libraries_of_its_python_come_from() -> None:
    imported = {
        alias.name.split(".")[0]
        for block in PYTHON
        for node in ast.walk(ast.parse(textwrap.dedent(block)))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    installed = {word for line in re.findall(r"pip install ([^`]+)`", README) for word in line.split()}
    assert "pandas" in imported
    assert imported - {"flowcheck"} <= installed
    assert "." in installed
