"""The README's lines for Hubble and VPC flow logs, run as they stand: what kubectl, hubble and aws would have
brought is taken from the sample."""

from __future__ import annotations

import gzip
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from flowcheck.cli.exits import Exit
from tests.cli.run import flowcheck

pytestmark = pytest.mark.usefixtures("forked_workers")

ROOT = Path(__file__).resolve().parent.parent
SECTION = re.search(r"## Logs as they are recorded\n(.*?)\n## ", (ROOT / "README.md").read_text(), re.S)
WALKS = re.findall(r"```\n(.*?)```", SECTION[1] if SECTION else "", re.S)


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    manifests = [
        one for path in (ROOT / "data" / "cluster").iterdir() for one in yaml.safe_load_all(path.read_text())
    ]
    (tmp_path / "cluster.json").write_text(
        json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": [one for one in manifests if one]}, default=str
        )
    )
    logs = ROOT / "data" / "logs"
    (tmp_path / "hubble.jsonl").write_bytes(gzip.decompress((logs / "hubble.jsonl.gz").read_bytes()))
    day = tmp_path / "vpc" / "111122223333" / "vpcflowlogs" / "eu-west-1" / "2026" / "03" / "10"
    day.mkdir(parents=True)
    shutil.copy(logs / "vpc.parquet", day)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("walk", WALKS, ids=["hubble", "vpc"])
def test_five_lines_lead_from_a_cluster_to_findings(walk: str, recorded: Path) -> None:
    commands = [shlex.split(line) for line in walk.splitlines()]
    assert len(commands) == 5
    assert [command[0] for command in commands][:2] in (["kubectl", "hubble"], ["kubectl", "aws"])
    codes = [flowcheck(*command[1:]).returncode for command in commands if command[0] == "flowcheck"]
    assert codes == [Exit.VIOLATIONS, Exit.CLEAN, Exit.CLEAN]
    assert json.loads((recorded / "result" / "findings.json").read_text())["findings"]
    assert list(recorded.glob("*.parquet"))
