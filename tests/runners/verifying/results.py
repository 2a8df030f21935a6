"""A result with everything in it, and how somebody would change it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.api import audit
from flowcheck.flows.files.finding import RESULTS
from flowcheck.results.records.verification import Verification
from flowcheck.runners.verifying.verify import verify
from tests.runners.worlds import ALLOWED, BAD_PORT, DENIED, NOON, US, flows, ports, write, write_cluster

TABLES = sorted(name for name in RESULTS if name.endswith(".parquet"))
DOCUMENTS = sorted({*RESULTS} - {*TABLES})
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: 10.96.0.2, selector: {app: db}, ports: [{port: 5432, protocol: TCP}]}
"""


def write_result(base: Path) -> Path:
    """An audit of rows of every kind: allowed, denied, dropped, rejected, filtered out, in a failed file."""
    cluster = write_cluster(base / "cluster")
    (cluster / "service.yaml").write_text(SERVICE)
    numbers = [ALLOWED, DENIED, DENIED, BAD_PORT, ALLOWED, ALLOWED]
    write(base / "flows" / "a.parquet", ports(numbers, pa.int32()))
    times = pa.array([NOON - 10**9, NOON, NOON], US)
    late = flows(3, start_time=times, action=pa.array([1, 1, 0], pa.int8()), bytes=pa.array([7, 8, 9]))
    write(base / "flows" / "b.parquet", late)
    dropped = flows(2, dst_port=pa.array([ALLOWED] * 2), action=pa.array([2] * 2, pa.int8()))
    write(base / "flows" / "c.parquet", dropped)
    (base / "flows" / "d.parquet").write_bytes(b"PAR1 of something else")
    out = base / "out"
    audit(base / "flows", cluster, out=out, since=datetime.fromtimestamp(NOON / 1e6 - 60, UTC))
    return out


def copied(out: Path, to: Path) -> Path:
    return Path(shutil.copytree(out, to / "out"))


def sign(out: Path) -> None:
    """Make the manifest agree with what lies there, as somebody would who knows of it."""
    manifest = json.loads((out / "manifest.json").read_text())
    for entry in manifest["files"]:
        data = (out / entry["file"]).read_bytes()
        entry |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (out / "manifest.json").write_text(json.dumps(manifest))


def edit_table(out: Path, name: str, change: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(change(pq.read_table(out / name)), out / name)
    sign(out)


def edit_document(out: Path, name: str, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads((out / name).read_text())
    change(document)
    (out / name).write_text(json.dumps(document))
    sign(out)


def told(found: Verification) -> dict[tuple[str, str], tuple[object, object]]:
    """What differs, by file and what of it: expected and found."""
    assert found.holds is not bool(found.differences)
    return {(one.file, one.what): (one.expected, one.found) for one in found.differences}


def told_of(out: Path, *, inputs: bool = False) -> dict[tuple[str, str], tuple[object, object]]:
    return told(verify(out, inputs=inputs))
