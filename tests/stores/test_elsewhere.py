"""Stores in other commands, and from Python; and what of them workers know."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

import flowcheck
from flowcheck.errors import RunError
from flowcheck.runners import process
from flowcheck.stores.uri import Access, StorePath
from tests.environment import environment, set_while_a_store_is_read
from tests.runners.worlds import write, write_cluster
from tests.stores.fixtures import Store
from tests.stores.server import KEYS, Answer, Request


@pytest.fixture
def ready(store: Store, tmp_path: Path) -> Store:
    store.relay.put("bucket/flows/a.parquet", write(tmp_path / "a.parquet").read_bytes())
    store.upload(write_cluster(tmp_path / "cluster"), "bucket/cluster")
    return store


THERE = "--cluster", "s3://bucket/cluster"
AUDIT = "audit", "s3://bucket/flows", *THERE
NEW = "--policies", "s3://bucket/cluster/policy.yaml"
COMMANDS = {
    "load": ["load", "s3://bucket/flows", *THERE],
    "rules": ["rules", "s3://bucket/flows", *THERE],
    "rules of a cluster": ["rules", *THERE],
    "diff": ["diff", "s3://bucket/flows", *THERE, *NEW],
    "matrix": ["matrix", *THERE],
    "explain": ["explain", *THERE, "--from", "shop/web", "--to", "shop/db", "--port", "22"],
    "policies": [*AUDIT, *NEW, "--replace-policies"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_other_commands_read_stores_too(ready: Store, tmp_path: Path, name: str) -> None:
    words = COMMANDS[name]
    local = [
        word.replace("s3://bucket/flows", str(tmp_path / "a.parquet")).replace(
            "s3://bucket/cluster", str(tmp_path / "cluster")
        )
        for word in words
    ]
    there, here = ready.run(*words), ready.run(*local)
    assert there.returncode == here.returncode, there.stderr
    assert there.returncode in ((3,) if name == "load" else (0, 1))  # the cluster has no Services
    plain = there.stdout.replace("s3://bucket/cluster", str(tmp_path / "cluster"))
    assert len(plain.split()) > 10
    if name in ("matrix", "explain"):
        assert "".join(plain.split()) == "".join(here.stdout.split())  # lines break elsewhere


def test_an_inventory_of_what_lies_in_a_store(ready: Store, tmp_path: Path) -> None:
    made = ready.run("inventory", "s3://bucket/cluster", "-o", tmp_path / "inventory.parquet")
    assert made.returncode == 0, made.stderr
    audited = ready.run("audit", "s3://bucket/flows", "--cluster", tmp_path / "inventory.parquet")
    assert audited.returncode == 1, audited.stderr


@pytest.mark.parametrize("how", ["option", "environment"])
def test_an_endpoint_in_a_file_of_options(ready: Store, tmp_path: Path, how: str) -> None:
    (tmp_path / "flowcheck.yaml").write_text(f"endpoint: {ready.relay.endpoint}\n")
    words = ["--config", str(tmp_path / "flowcheck.yaml")] if how == "option" else []
    env = {"FLOWCHECK_ENDPOINT": ""} | (
        {} if words else {"FLOWCHECK_CONFIG": str(tmp_path / "flowcheck.yaml")}
    )
    assert ready.run("audit", "s3://bucket/flows", *THERE, *words, **env).returncode == 1


def test_from_python(ready: Store, tmp_path: Path) -> None:
    told = {**KEYS, "AWS_ENDPOINT_URL": ready.relay.endpoint}
    with environment(told):
        result = flowcheck.audit("s3://bucket/flows", "s3://bucket/cluster", out=tmp_path / "out")
        cluster = flowcheck.load_cluster("s3://bucket/cluster/")
        with pytest.raises(RunError, match="results are not written to a store from here"):
            flowcheck.audit("s3://bucket/flows", cluster, out="s3://bucket/out")
    assert result.summary.violations.records == 4
    assert len(cluster.pods) == 2
    with environment(KEYS):
        path = StorePath("s3://bucket/flows", Access(ready.relay.endpoint))
        assert flowcheck.audit([path], cluster).summary.violations.records == 4


def test_verify_says_what_it_did_not_look_at(ready: Store, tmp_path: Path) -> None:
    ready.run("audit", "s3://bucket/flows", *THERE, "-o", tmp_path / "out")
    told = ready.run("verify", tmp_path / "out", "--inputs", "-f", "json")
    assert told.returncode == 0, told.stderr
    names = json.loads(told.stdout)["inputs"]["not_checked"]
    assert sorted(names) == [
        "s3://bucket/cluster/cluster.yaml",
        "s3://bucket/cluster/policy.yaml",
        "s3://bucket/flows/a.parquet",
    ]


def test_a_cluster_that_has_not_changed_is_fetched_once(ready: Store) -> None:
    """It is read twice: to know it again, and to load it."""
    ready.run("audit", "s3://bucket/flows", *THERE)
    ready.relay.requests = []
    assert ready.run("audit", "s3://bucket/flows", *THERE).returncode == 1
    assert [one.path for one in ready.relay.requests if one.reads] == ["bucket/flows/a.parquet"]


def test_workers_get_no_credentials(tmp_path: Path) -> None:
    secret = {"AWS_SECRET_ACCESS_KEY": "x", "GOOGLE_APPLICATION_CREDENTIALS": "x", "AZURE_STORAGE_KEY": "x"}
    with (
        environment(secret),
        patch.object(process.subprocess, "Popen") as made,
        (tmp_path / "program").open("wb") as program,
    ):
        process.start(program, cache=False)
    given = made.call_args.kwargs["env"]
    assert "PATH" in given
    assert not set(secret) & set(given)


def test_no_variable_is_set_while_a_store_is_read(ready: Store) -> None:
    """A store's library reads them, and a process may die of that."""

    def slow(_: Request, own: Callable[[], Answer]) -> Answer:
        time.sleep(0.2)
        return own()

    ready.relay.meddle = slow
    words = ["audit", "s3://bucket/flows", "--cluster", "s3://bucket/cluster"]
    with environment(KEYS):
        assert set_while_a_store_is_read(*words, "--endpoint", ready.relay.endpoint) == []
