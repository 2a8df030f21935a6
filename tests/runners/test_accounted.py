"""What the ledger says of how files are written, and of files beside one another."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from flowcheck.api import audit
from flowcheck.results.records.ledger import FileEntry, Stored
from tests.flows.accounting.parts import take_apart
from tests.flows.accounting.thrift import BINARY, put
from tests.runners.worlds import NOON, US, flows, write

pytestmark = pytest.mark.usefixtures("forked_workers")

YEAR = 366 * 86_400_000_000


def entries(folder: Path, cluster: Path, jobs: int = 1) -> dict[str, FileEntry]:
    found = audit(folder, cluster, jobs=jobs).ledger.files
    return {Path(entry.file).name: entry for entry in found}


def at(time: int) -> pa.Table:
    return flows(start_time=pa.array([time] * 4, US))


def test_who_wrote_a_file_and_how(tmp_path: Path, cluster: Path) -> None:
    plain = write(tmp_path / "f" / "plain.parquet", flows(), version="1.0")
    write(tmp_path / "f" / "checked.parquet", flows(), write_page_checksum=True)
    parts = take_apart((tmp_path / "f" / "checked.parquet").read_bytes())
    page = parts.chunks[0].pages[0]
    page.header[:] = [field for field in page.header if field.number != 4]
    parts.chunks[2].before = bytes(9)
    put(parts.footer, 6, "me\x1b[2J\u202e\n".encode() + b"!" * 500, BINARY)
    (tmp_path / "f" / "changed.parquet").write_bytes(parts.whole())
    put(parts.footer, 6, b"\xff\xfe", BINARY)
    (tmp_path / "f" / "binary.parquet").write_bytes(parts.whole())
    shutil.copy(plain, tmp_path / "f" / "cut.parquet")
    (tmp_path / "f" / "cut.parquet").write_bytes(plain.read_bytes()[:-1])
    found = entries(tmp_path / "f", cluster)
    arrow = f"parquet-cpp-arrow version {pa.__version__}"
    pages = found["plain.parquet"].stored
    assert pages == Stored(writer=arrow, version=1, pages=12, checksums="none", padding=0)
    assert found["checked.parquet"].stored == Stored(
        writer=arrow, version=2, pages=12, checksums="all", padding=0
    )
    changed = found["changed.parquet"].stored
    assert changed is not None
    assert changed.writer.startswith("me\\x1b[2J\\u202e\\n!!!")
    assert len(changed.writer) < 230
    assert (changed.checksums, changed.padding) == ("some", 9)
    binary = found["binary.parquet"].stored
    assert binary is not None
    assert binary.writer == "not UTF-8"
    assert found["cut.parquet"].stored is None
    assert {entry.warnings for entry in found.values()} == {()}


def test_a_log_that_is_parquet_is_accounted_for_too(tmp_path: Path, cluster: Path) -> None:
    example = Path(__file__).parents[1] / "flows" / "formats" / "examples" / "aws" / "doubles.parquet"
    (tmp_path / "f").mkdir()
    shutil.copy(example, tmp_path / "f" / "log.parquet")
    parts = take_apart(example.read_bytes())
    parts.chunks[-1].pages.append(parts.chunks[-1].pages[-1])
    (tmp_path / "f" / "lies.parquet").write_bytes(parts.whole())
    found = entries(tmp_path / "f", cluster)
    stored = found["log.parquet"].stored
    assert stored is not None
    assert stored.pages == 36
    assert found["lies.parquet"].status == "failed"
    assert "its pages hold" in found["lies.parquet"].detail


def test_files_beside_one_another(tmp_path: Path, cluster: Path) -> None:
    """Whoever judges them, in whichever order: what is said of each is the same."""
    folder = tmp_path / "f"
    write(folder / "a.parquet", at(NOON))
    write(folder / "b.parquet", at(NOON + YEAR // 2).append_column("bytes", pa.array([1] * 4)))
    write(folder / "action=1" / "c.parquet", at(NOON - 2 * YEAR).drop_columns("action"))
    write(folder / "d.parquet", flows(start_time=pa.array([NOON] * 3 + [NOON + 2 * YEAR], US)))
    write(folder / "none.parquet", flows(0))
    (folder / "broken.parquet").write_bytes(b"PAR1")
    found = entries(folder, cluster)
    assert {name: entry.lacks for name, entry in found.items()} == {
        "a.parquet": ("bytes",),
        "b.parquet": (),
        "c.parquet": ("bytes",),
        "d.parquet": ("bytes",),
        "none.parquet": ("bytes",),
        "broken.parquet": (),
    }
    assert {name: entry.warnings for name, entry in found.items() if entry.warnings} == {
        "c.parquet": (
            "its rows are of 2024-10-30T12:00:00Z to 2024-10-30T12:00:00Z, more than a year from those of "
            "the run (2026-11-01T12:00:00Z is the middle)",
        ),
        "d.parquet": (
            "its rows are of 2026-11-01T12:00:00Z to 2028-11-02T12:00:00Z, more than a year from those of "
            "the run (2026-11-01T12:00:00Z is the middle)",
        ),
    }
    names = sorted(folder.rglob("*.parquet"), reverse=True)
    backwards = audit(names, cluster, jobs=3).ledger.files
    assert {Path(entry.file).name: msgspec.json.encode(entry) for entry in backwards} == {
        name: msgspec.json.encode(entry) for name, entry in found.items()
    }
