"""Files of every kind that a run may meet, and what a result is, to be held against another."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pyarrow as pa

from flowcheck.flows.files.finding import MANIFEST
from flowcheck.runners.workspace import LOCK
from tests.cli.run import ROOT
from tests.runners.worlds import flows, write

DATA = ROOT / "data"
CLUSTER = DATA / "cluster"


def write_files(folder: Path) -> list[Path]:
    """Parquet of one task and of several, a packed log, no rows, rejected rows, and damaged files."""
    folder.mkdir()
    files = [Path(shutil.copy(one, folder)) for one in sorted((DATA / "flows").glob("*.parquet"))]
    files.append(Path(shutil.copy(DATA / "logs" / "hubble.jsonl.gz", folder)))
    files.append(write(folder / "none.parquet", flows(0)))
    files.append(write(folder / "odd.parquet", flows(2, dst_port=pa.array([70000, 22], pa.int32()))))
    whole = files[0].read_bytes()
    (folder / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    hurt = bytearray(whole)
    hurt[1000:3000] = bytes(2000)
    (folder / "hurt.parquet").write_bytes(hurt)
    return [*files, folder / "cut.parquet", folder / "hurt.parquet"]


def result(out: Path) -> dict[str, str]:
    """The SHA-256 of every file but the manifest; of a summary without what times and speed it had."""
    found = {}
    for path in out.iterdir():
        content = path.read_bytes()
        if path.name == "summary.json":
            summary = json.loads(content)
            for name in ("started_at", "timings", "rows_per_second"):
                del summary[name]
            content = json.dumps(summary).encode()
        if path.name not in (MANIFEST, LOCK):
            found[path.name] = sha256(content).hexdigest()
    assert "ledger.json" in found
    return found
