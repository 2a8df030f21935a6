"""-o s3://...: nothing half written passes for a result, and nothing that is there is written over."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.runners.worlds import outputs, write, write_cluster
from tests.stores.fixtures import Store
from tests.stores.server import Answer, Request, error
from tests.stores.test_audit import plain

LAST = ["summary.json", "manifest.json"]


@pytest.fixture
def ready(store: Store, tmp_path: Path) -> Store:
    store.relay.put("bucket/flows/a.parquet", write(tmp_path / "flows" / "a.parquet").read_bytes())
    write_cluster(tmp_path / "cluster")
    return store


@pytest.fixture
def audit(ready: Store, tmp_path: Path) -> Callable[..., Any]:
    def run(*words: str, command: str = "audit") -> Any:
        return ready.run(command, tmp_path / "flows", "--cluster", tmp_path / "cluster", *words)

    return run


def fetched(store: Store, prefix: str, folder: Path) -> Path:
    """A result, copied here."""
    folder.mkdir()
    for key in store.relay.keys("bucket", prefix):
        (folder / Path(key).name).write_bytes(store.relay.get(f"bucket/{key}") or b"")
    return folder


def test_the_same_files_and_the_manifest_last(
    ready: Store, audit: Callable[..., Any], tmp_path: Path
) -> None:
    assert audit("-o", str(tmp_path / "here")).returncode == 1
    ready.relay.requests = []
    found = audit("-o", "s3://bucket/results/today/")
    assert found.returncode == 1, found.stderr
    assert "every violating row is in s3://bucket/results/today/violations.parquet" in found.stdout
    there = fetched(ready, "results/", tmp_path / "there")
    assert outputs(there) == outputs(tmp_path / "here")
    assert plain(there) == plain(tmp_path / "here")
    assert ready.run("verify", there).returncode == 0
    made = list(dict.fromkeys(Path(one.path).name for one in ready.relay.requests if one.method == "PUT"))
    assert made[-2:] == LAST
    assert {one.name for one in (tmp_path / "here").iterdir()} == set(made)
    again = audit("-o", "s3://bucket/results/today")
    assert again.returncode == 2
    assert "there is a result already" in again.stderr
    assert ready.run("audit", "s3://bucket/results", "--cluster", tmp_path / "cluster").returncode == 2


def test_other_commands_that_write_results(ready: Store, audit: Callable[..., Any], tmp_path: Path) -> None:
    assert audit("-o", "s3://bucket/l", command="load").returncode in (0, 1, 3)
    policy = str(tmp_path / "cluster" / "policy.yaml")
    assert audit("-o", "s3://bucket/d", "--policies", policy, command="diff").returncode == 0
    assert {"l/manifest.json", "d/diff.json", "d/manifest.json"} <= set(ready.relay.keys("bucket"))
    assert audit("-o", "s3://bucket/d", "--policies", policy, command="diff").returncode == 2
    suggested = audit("-o", "s3://bucket/s", command="suggest")
    assert suggested.returncode in (0, 1, 3), suggested.stderr
    assert {"s/policies.yaml", "s/suggestion.json"} <= set(ready.relay.keys("bucket"))
    converted = ready.run("convert", tmp_path / "flows", "-o", "s3://bucket/x.parquet")
    assert converted.returncode == 2
    assert "s3:" not in {one.name for one in Path.cwd().iterdir()}


@pytest.mark.parametrize("name", ["edges.parquet", "violations.parquet", *LAST])
def test_an_upload_that_fails_is_4_and_leaves_nothing_that_passes_for_a_result(
    ready: Store, audit: Callable[..., Any], name: str
) -> None:
    def refuse(request: Request, own: Callable[[], Answer]) -> Answer:
        writes = request.method in ("PUT", "POST")
        return error(403, "AccessDenied") if writes and request.path.endswith(f"/{name}") else own()

    ready.relay.meddle = refuse
    found = audit("-o", "s3://bucket/r")
    assert found.returncode == 4
    assert f"s3://bucket/r/{name}: cannot write: access is denied" in found.stderr
    assert "r/manifest.json" not in ready.relay.keys("bucket")
    ready.relay.meddle = None
    if name != "manifest.json":
        assert audit("-o", "s3://bucket/r").returncode == 1  # what is left there is no result


def test_a_bucket_that_cannot_be_written_to_is_told_before_the_work(
    ready: Store, audit: Callable[..., Any]
) -> None:
    found = audit("-o", "s3://no-such-bucket/r")
    assert found.returncode == 4
    assert "there is no such bucket" in found.stderr
    assert audit("-o", "s3://bucket").returncode == 2
    assert audit("-o", "s3://bucket/r", "--resume").returncode == 2
    assert "--resume needs -o to be a folder" in audit("-o", "s3://bucket/r", "--resume").stderr


def test_an_interrupted_audit_of_a_bucket_goes_on(
    ready: Store, audit: Callable[..., Any], tmp_path: Path
) -> None:
    """With -o on the disk: what was judged is not fetched again."""
    for number in range(4):
        ready.relay.put(f"bucket/flows/{number}.parquet", (tmp_path / "flows/a.parquet").read_bytes())
    words = ["audit", "s3://bucket/flows", "--cluster", tmp_path / "cluster", "-o", tmp_path / "out"]
    ready.relay.meddle = lambda one, own: (
        error(403, "AccessDenied") if one.path.endswith("3.parquet") else own()
    )
    assert ready.run(*words).returncode == 3
    ready.relay.begin()
    assert ready.run(*words, "--resume").returncode == 1
    totals = json.loads((tmp_path / "out" / "summary.json").read_text())["totals"]
    assert totals["files_judged"] == 5
