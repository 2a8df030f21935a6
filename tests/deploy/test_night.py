"""The CronJob's own commands: an API server is asked, a bucket read, findings written."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.run import ROOT, flowcheck
from tests.deploy.test_recipes import containers, documents
from tests.live.fake import Store as Objects
from tests.live.fake import serving
from tests.live.samples import sample, with_more
from tests.stores.fixtures import Store

pytest.importorskip("kubernetes", reason="needs the extra live")

LOG = gzip.decompress((ROOT / "data" / "logs" / "hubble.jsonl.gz").read_bytes()).decode()
BEGIN = datetime(2026, 3, 10, tzinfo=UTC)


def log_at(begin: datetime) -> bytes:
    """The sample's first records, as if its day had begun then."""

    def moved(found: re.Match[str]) -> str:
        return (datetime.fromisoformat(found[0]) - BEGIN + begin).isoformat().replace("+00:00", "Z")

    first = "\n".join(LOG.splitlines()[:400]) + "\n"
    return gzip.compress(re.sub(r"2026-03-10T[\d:.]+Z", moved, first).encode())


def test_the_night_of_a_cluster(store: Store, tmp_path: Path) -> None:
    snapshot, audit = [
        [str(word).replace("/data", str(tmp_path)) for word in one["args"]]
        for one in containers(documents("cronjob.yaml"))
    ]
    bucket, _, prefix = audit[1].removeprefix("s3://").partition("/")
    lately, long_ago = (datetime.now(UTC) - timedelta(hours=hours) for hours in (20, 300))
    keys = [f"{bucket}/{prefix}date={begin:%Y-%m-%d}/flows.jsonl.gz" for begin in (lately, long_ago)]
    for key, begin in zip(keys, (lately, long_ago), strict=True):
        store.relay.put(key, log_at(begin))

    objects = Objects()
    objects.load(one for one in with_more(sample("cluster")) if one["kind"] != "Secret")
    with serving(tmp_path, objects) as api:
        asked = flowcheck(*snapshot, "--kubeconfig", api.kubeconfig)  # in a pod: its service account
    assert asked.returncode == 0, asked.stderr
    assert len([*(tmp_path / "cluster").iterdir()]) == 1
    store.relay.begin()
    audited = store.run(*audit)
    assert audited.returncode == 1, audited.stderr

    read = {one.path for one in store.relay.requests if one.reads}
    assert read == {keys[0]}
    ledger = json.loads((tmp_path / "result" / "ledger.json").read_text())
    assert [one["file"] for one in ledger["files"]] == [f"s3://{keys[0]}"]
    assert ledger["pruned"]
    told = json.loads((tmp_path / "flowcheck.sarif").read_text())["runs"][0]["results"]
    assert told
    assert len(told) == len(json.loads((tmp_path / "result" / "findings.json").read_text())["findings"])
    assert flowcheck("verify", tmp_path / "result").returncode == 0
