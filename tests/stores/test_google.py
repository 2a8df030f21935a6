"""Google's API, as an emulator speaks it: in short what other tests hold for S3."""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from urllib.parse import quote, urlsplit

import pytest

from tests.cli.run import flowcheck
from tests.runners.worlds import write, write_cluster
from tests.stores.server import google, moto_python

Run = Callable[..., CompletedProcess[str]]
pytestmark = pytest.mark.usefixtures("forked_workers")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    python = moto_python()
    if (
        python is None
        or subprocess.run([python, "-c", "import gcp_storage_emulator"], check=False).returncode
    ):
        pytest.skip(
            "there is no server: pip install gcp-storage-emulator, or name one's python: FLOWCHECK_MOTO"
        )
    with google("bucket") as address:
        yield address


@pytest.fixture
def run(server: str, tmp_path: Path) -> Run:
    """The command, with three files of flows and a cluster in a bucket that has nothing else."""
    _ask(server, "GET", "/wipe?keep-buckets=true")
    file = write(tmp_path / "flows.parquet").read_bytes()
    for hour in ("11", "12", "13"):
        _put(server, f"flows/year=2026/month=11/day=01/hour={hour}/a b.parquet", file)
    for part in write_cluster(tmp_path / "cluster").iterdir():
        _put(server, f"cluster/{part.name}", part.read_bytes())

    def told(*words: str | Path) -> CompletedProcess[str]:
        where = ("--cluster", "gs://bucket/cluster", "--anonymous", "--endpoint", server)
        return flowcheck("audit", *words, *where)

    return told


def _ask(server: str, method: str, path: str, body: bytes = b"") -> bytes:
    connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": "application/octet-stream"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        return answer.read()
    finally:
        connection.close()


def _put(server: str, name: str, body: bytes) -> None:
    _ask(server, "POST", f"/upload/storage/v1/b/bucket/o?uploadType=media&name={quote(name, safe='')}", body)


def _get(server: str, name: str) -> bytes:
    return _ask(server, "GET", f"/storage/v1/b/bucket/o/{quote(name, safe='')}?alt=media")


def test_read_and_written(run: Run, server: str, tmp_path: Path) -> None:
    assert run("gs://bucket/flows", "-o", "gs://bucket/out").returncode == 1
    files = [tmp_path / f"{number}.parquet" for number in range(3)]
    for file in files:
        file.write_bytes((tmp_path / "flows.parquet").read_bytes())
    done = flowcheck("audit", *files, "--cluster", tmp_path / "cluster", "-o", tmp_path / "out")
    assert done.returncode == 1
    listed = json.loads(_ask(server, "GET", "/storage/v1/b/bucket/o?prefix=out/"))["items"]
    assert {one["name"] for one in listed} == {f"out/{file.name}" for file in (tmp_path / "out").iterdir()}
    for name in ("edges.parquet", "load.parquet"):
        assert _get(server, f"out/{name}") == (tmp_path / "out" / name).read_bytes()


def test_objects_and_prefixes_beside_one_another(run: Run, server: str, tmp_path: Path) -> None:
    """Of what lies on a level, Arrow lists objects alone."""
    file = (tmp_path / "flows.parquet").read_bytes()
    for name in ("a.parquet", "b/c/d.parquet", "b/e.parquet", ".hidden/f.parquet", "b/.g.parquet"):
        _put(server, f"mixed/{name}", file)
    done = run("gs://bucket/mixed", "-o", tmp_path / "out")
    assert done.returncode == 1, done.stderr
    ledger = json.loads((tmp_path / "out/ledger.json").read_text())
    found = {one["file"].removeprefix("gs://bucket/mixed/"): one["status"] for one in ledger["files"]}
    assert found == {
        "a.parquet": "judged",
        "b/c/d.parquet": "judged",
        "b/e.parquet": "judged",
        ".hidden": "skipped",
        "b/.g.parquet": "skipped",
    }
    pattern = run("gs://bucket/mixed/*/e.parquet", "-o", tmp_path / "pattern")
    assert pattern.returncode == 1, pattern.stderr
    (one,) = json.loads((tmp_path / "pattern/ledger.json").read_text())["files"]
    assert one["file"] == "gs://bucket/mixed/b/e.parquet"


def test_a_cluster_in_prefixes(run: Run, server: str, tmp_path: Path) -> None:
    _ask(server, "GET", "/wipe?keep-buckets=true")
    for number, part in enumerate((tmp_path / "cluster").iterdir()):
        _put(server, f"cluster/{number}/{part.name}", part.read_bytes())
    done = run(tmp_path / "flows.parquet")
    assert done.returncode == 1, done.stderr
    assert "2 pods in 1 namespace, 1 policy with 1 rule" in done.stdout


def test_an_hour_of_a_day(run: Run, tmp_path: Path) -> None:
    hour = ("--since", "2026-11-01T12:00:00Z", "--until", "2026-11-01T13:00:00Z", "--partition-margin", "0s")
    assert run("gs://bucket/flows", *hour, "-o", tmp_path / "out").returncode == 1
    (file,) = json.loads((tmp_path / "out/ledger.json").read_text())["files"]
    assert file["file"] == "gs://bucket/flows/year=2026/month=11/day=01/hour=12/a b.parquet"


def test_a_result_is_not_written_over(run: Run) -> None:
    assert run("gs://bucket/flows", "-o", "gs://bucket/out").returncode == 1
    done = run("gs://bucket/flows", "-o", "gs://bucket/out")
    assert done.returncode == 2
    assert "there is a result already" in done.stderr


@pytest.mark.parametrize(
    "flows", ["gs://bucket/nowhere", "gs://bucket/flows/nothing.parquet", "gs://elsewhere/flows"]
)
def test_what_is_not_there(run: Run, flows: str) -> None:
    done = run(flows)
    assert done.returncode == 2
    assert f"{flows}: no such object or prefix" in done.stderr


def test_a_bucket_that_takes_no_results(run: Run) -> None:
    done = run("gs://bucket/flows", "-o", "gs://elsewhere/out")
    assert done.returncode == 4
    assert "cannot write: there is no such object or prefix" in done.stderr
