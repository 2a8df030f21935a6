"""docs/schemas and docs/results.md are current, and what is written is as they say."""

from __future__ import annotations

import json
from contextlib import chdir
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet as pq
import pytest

from tests.cli.run import flowcheck
from tests.tools.schemas import DOCUMENTS, FOLDER, PAGE, TABLES, page, schema_text

pytestmark = pytest.mark.usefixtures("forked_workers")

ROOT = Path(__file__).resolve().parent.parent
HUBBLE = "data/cilium/hubble.jsonl.gz"
SAMPLES = {
    "kubernetes": ["data/flows", "--cluster", "data/cluster"],
    "cilium": [HUBBLE, "--cluster", "data/cilium/cluster", "--dns-map", HUBBLE],
    "mesh": ["data/mesh/logs", "--cluster", "data/mesh/cluster"],
    "history": ["data/history/flows.parquet", "--cluster", "data/history/cluster"],
}
NEW_POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: isolated, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""
ENDS = ["--from", "monitoring/grafana", "--to", "shop/cart-store", "--port", "6379"]


def test_the_schemas_and_the_page_are_current() -> None:
    """python -m tests.tools.schemas writes them."""
    written = {file.name: file.read_text() for file in FOLDER.iterdir()}
    assert written == {f"{name}.schema.json": schema_text(record) for name, (_, record) in DOCUMENTS.items()}
    assert PAGE.read_text(encoding="utf-8") == page()


def strict(node: Any) -> Any:
    """The schema, and nothing besides what it names: else a field that it lacks would not be found."""
    if isinstance(node, dict):
        made = {key: strict(value) for key, value in node.items()}
        return {**made, "additionalProperties": False} if "properties" in made else made
    return [strict(one) for one in node] if isinstance(node, list) else node


def check(name: str, text: str) -> None:
    schema = json.loads((FOLDER / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(strict(schema)).validate(json.loads(text))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with each sample's result, and its reports for programs."""
    folder = tmp_path_factory.mktemp("results")
    with chdir(ROOT):
        for name, words in SAMPLES.items():
            reports = [f"--format=json={folder}/{name}.json", f"--format=jsonl={folder}/{name}.jsonl"]
            done = flowcheck("audit", *words, "-o", folder / name, *reports)
            assert done.returncode == 1, done.stderr
    return folder


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_files_of_a_result_are_as_the_schemas_say(results: Path, sample: str) -> None:
    for name in ("findings", "summary", "ledger", "manifest"):
        check(name, (results / sample / f"{name}.json").read_text())
    check("audit", (results / f"{sample}.json").read_text())
    for line in (results / f"{sample}.jsonl").read_text().splitlines():
        check("finding", line)


@pytest.mark.parametrize("sample", SAMPLES)
def test_tables_have_the_columns_of_the_page(results: Path, sample: str) -> None:
    for name, columns in TABLES.items():
        found = pq.read_schema(results / sample / name)
        assert [(one.name, one.type) for one in found] == [(one.name, one.type) for one in columns.schema]
        assert columns.meanings.keys() <= set(columns.schema.names)


def test_what_is_held_against_something_is_as_the_schemas_say(results: Path, tmp_path: Path) -> None:
    ignore, out = tmp_path / "ignore.yaml", tmp_path / "out"
    ignore.write_text("- match: {dst: shop/*}\n  reason: r\n  owner: o\n  expires: 2026-01-01\n")
    with chdir(ROOT):
        against = ["--baseline", results / "kubernetes", "--ignore", ignore]
        done = flowcheck("audit", *SAMPLES["kubernetes"], *against, "-o", out)
    assert done.returncode == 0, done.stderr
    check("summary", (out / "summary.json").read_text())
    check("findings", (out / "findings.json").read_text())


def test_what_other_commands_say_is_as_the_schemas_say(results: Path) -> None:
    with chdir(ROOT):
        said = {
            "load": flowcheck("load", *SAMPLES["kubernetes"], "-f", "json"),
            "explanation": flowcheck("explain", "--cluster", "data/cluster", *ENDS, "-f", "json"),
            "verification": flowcheck("verify", results / "kubernetes", "--inputs", "-f", "json"),
            "rules": flowcheck("rules", *SAMPLES["cilium"], "-f", "json"),
        }
    for name, done in said.items():
        assert done.returncode in (0, 1), done.stderr
        check(name, done.stdout)


MATRICES = {
    "matrix": [],
    "isolation": ["--isolated"],
    "difference": ["--against", "data/mesh/cluster"],
}


@pytest.mark.parametrize("name", MATRICES)
def test_matrices_are_as_the_schemas_say(name: str) -> None:
    with chdir(ROOT):
        done = flowcheck("matrix", "--cluster", "data/cluster", *MATRICES[name], "-f", "json")
    assert done.returncode == 0, done.stderr
    check(name, done.stdout)


def test_answers_are_as_the_schema_says(results: Path) -> None:
    pytest.importorskip("duckdb", reason="needs the extra query")
    done = flowcheck("query", results / "kubernetes", "select * from edges limit 3", "-f", "json")
    assert done.returncode == 0, done.stderr
    check("answer", done.stdout)


@pytest.mark.parametrize("sample", SAMPLES)
def test_comparisons_are_as_the_schema_says(sample: str, tmp_path: Path) -> None:
    """By a policy more, for whatever no policy is for in any sample."""
    (tmp_path / "new.yaml").write_text(NEW_POLICY)
    with chdir(ROOT):
        more = ("--apply", tmp_path / "new.yaml", "--fail-on", "none", "-o", tmp_path / "out", "-f", "json")
        done = flowcheck("diff", *SAMPLES[sample], *more)
    assert done.returncode == 0, done.stderr
    check("diff", done.stdout)
    assert json.loads(done.stdout) == json.loads((tmp_path / "out" / "diff.json").read_text())
    for name in ("ledger", "manifest"):
        check(name, (tmp_path / "out" / f"{name}.json").read_text())


@pytest.mark.parametrize(
    "more", [(), ("--all", "--min-connections", "2", "--train-until", "2026-03-10T09:30:00Z")]
)
def test_a_suggestion_is_as_the_schema_says(tmp_path: Path, more: tuple[str, ...]) -> None:
    with chdir(ROOT):
        done = flowcheck(
            "suggest", *SAMPLES["cilium"], "-o", tmp_path, "--language", "cilium", *more, "-f", "json"
        )
    assert done.returncode in (0, 1), done.stderr
    check("suggestion", done.stdout)
    assert (tmp_path / "suggestion.json").read_text() == done.stdout


def test_what_became_of_converted_logs_is_as_the_schema_says(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("{")
    ledger = tmp_path / "ledger.json"
    logs = [ROOT / HUBBLE, tmp_path / "bad.jsonl"]
    done = flowcheck("convert", *logs, "-o", tmp_path / "out.parquet", "--ledger", ledger)
    assert done.returncode == 3, done.stderr
    assert {one["status"] for one in json.loads(ledger.read_text())} == {"converted", "failed"}
    check("converted", ledger.read_text())


def test_a_verification_with_differences_is_as_the_schema_says(results: Path, tmp_path: Path) -> None:
    done = flowcheck("verify", results / "mesh" / "..", "-f", "json")
    assert done.returncode == 2
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in (results / "history").iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    (copy / "ledger.json").write_text("{}")
    done = flowcheck("verify", copy, "-f", "json")
    assert done.returncode == 3
    check("verification", done.stdout)


def test_what_a_schema_does_not_name_is_found(results: Path) -> None:
    manifest = json.loads((results / "mesh" / "manifest.json").read_text())
    for wrong in ({**manifest, "more": 1}, {**manifest, "files": [{}]}, {**manifest, "schema": "1"}):
        with pytest.raises(jsonschema.ValidationError):
            check("manifest", json.dumps(wrong))
