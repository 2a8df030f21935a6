"""A target on each log format: whatever is in a file, every record becomes a row, or is told of."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats import all_formats
from tests.cli.run import ROOT
from tests.flows.logs import read_log
from tests.fuzz.damage import damaged
from tests.fuzz.target import Target

EXAMPLES = ROOT / "tests" / "flows" / "formats" / "examples"
MAPPING = "columns: {start_time: {from: t, unit: s}, src_ip: s, dst_ip: d, dst_port: p, protocol: proto}\n"
MAPPED = (
    b'{"t": 1775037600, "s": "10.0.0.1", "d": "10.0.0.2", "p": 80, "proto": 6}\n' * 3,
    b"t,s,d,p,proto\n1775037600,10.0.0.1,10.0.0.2,80,6\n1775037601,10.0.0.1,10.0.0.2,81,17\n",
)


def _texts(name: str) -> list[bytes]:
    """Its examples but those in Parquet, which pyarrow reads, in a worker of its own."""
    files = sorted((EXAMPLES / name).iterdir())
    return [file.read_bytes() for file in files if file.suffix != ".parquet"]


def _check(name: str, **asked: str) -> Callable[[bytes], str]:
    """records = rows + merged + left out + rejected: ``read_log`` holds that against the rows."""

    def check(data: bytes) -> str:
        folder = "/dev/shm" if os.path.isdir("/dev/shm") else None
        with tempfile.NamedTemporaryFile(prefix="fuzz-", suffix=".log", dir=folder) as file:
            file.write(data)
            file.flush()
            try:
                rows, account = read_log(Path(file.name), name, **asked)
            except FlowFormatError:
                return "refused"
        assert len(rows) == account.rows
        return "rejected some" if account.rejected else "read"

    return check


def _targets() -> Iterator[Target]:
    for form in all_formats():
        if form.needs_mapping:
            yield Target(f"log: {form.name}", damaged(MAPPED), _check(form.name, mapping=MAPPING))
        else:
            yield Target(f"log: {form.name}", damaged(_texts(form.name)), _check(form.name))


TARGETS = (*_targets(),)
