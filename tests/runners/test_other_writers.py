"""An audit of what other writers leave: keyed and hidden folders, row groups of any size, no rows at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowcheck.api import audit
from flowcheck.runners import plan
from tests.runners.worlds import NOON, US, flows, ledger, outputs, write

pytestmark = pytest.mark.usefixtures("forked_workers")


def test_a_key_of_the_path_is_judged_by_and_kept(tmp_path: Path, cluster: Path) -> None:
    """Rows that the folder says were denied are no violations where the policies deny them too."""
    bare = flows(action=None)
    write(tmp_path / "f" / "action=1" / "icmp_type=8" / "a.parquet", bare)
    write(tmp_path / "f" / "action=2" / "b.parquet", bare)
    write(tmp_path / "f" / "_action=1" / "action=x" / "c.parquet", bare)
    write(tmp_path / "f" / "_temporary" / "action=1" / "d.parquet", bare)
    result = audit(tmp_path / "f", cluster, out=tmp_path / "out", jobs=1)
    entries = ledger(tmp_path / "out")
    assert {name: entry["status"] for name, entry in entries.items()} == {
        "a.parquet": "judged",
        "b.parquet": "judged",
        "c.parquet": "failed",
        "_temporary": "skipped",
    }
    assert "action=x" in entries["c.parquet"]["detail"]
    assert result.ledger.totals.rows_judged == 8
    kept = pq.read_table(tmp_path / "out" / "violations.parquet").select(["action", "icmp_type"]).to_pylist()
    assert kept == [{"action": 1, "icmp_type": 8}] * 4


def test_files_of_no_rows_add_up(tmp_path: Path, cluster: Path) -> None:
    write(tmp_path / "f" / "action=2" / "none.parquet", flows(0, action=None))
    pq.ParquetWriter(tmp_path / "f" / "nogroup.parquet", flows().schema).close()
    result = audit(tmp_path / "f", cluster, out=tmp_path / "out", jobs=1)
    assert result.ledger.totals.rows_declared == result.ledger.totals.rows_judged == 0
    assert {entry["status"] for entry in ledger(tmp_path / "out").values()} == {"judged"}


@pytest.mark.parametrize(
    ("groups", "tasks"),
    [
        ((), []),
        ((0, 0), []),
        ((3, 4), [7]),
        ((9, 2), [9, 2]),
        ((10, 8, 1), [8, 2, 9]),
        ((25, 3), [12, 12, 1, 3]),
        ((5, 25, 0), [17, 12, 1]),
    ],
)
def test_tasks_end_with_row_groups_unless_one_is_huge(
    monkeypatch: pytest.MonkeyPatch, groups: tuple[int, ...], tasks: list[int]
) -> None:
    monkeypatch.setattr(plan, "TASK_ROWS", 9)
    monkeypatch.setattr(plan, "BATCH_ROWS", 4)
    assert list(plan.task_rows(groups)) == tasks


def test_the_bytes_do_not_depend_on_how_a_file_is_cut(tmp_path: Path, cluster: Path) -> None:
    """Every column of every violation and its row number: with one row group of more rows than a task has, by
    one worker and by two, and with many small ones."""
    n_rows = plan.TASK_ROWS + 5_000
    dice = np.random.default_rng(3)
    table = flows(
        n_rows,
        start_time=pa.array(NOON + np.arange(n_rows), US),
        dst_port=pa.array(np.where(dice.random(n_rows) < 0.001, 22, 5432)),
        end_time=pa.array(NOON + np.arange(n_rows) + 7, US),
        observer=pa.array(dice.integers(0, 50, n_rows)).cast(pa.string()),
    )
    found = {}
    for name, group, jobs in (("huge", n_rows, 1), ("huge", n_rows, 2), ("small", 997, 1)):
        write(tmp_path / name / "f.parquet", table, row_group_size=group)
        out = tmp_path / f"{name}{jobs}"
        audit(tmp_path / name, cluster, out=out, jobs=jobs)
        found[name, jobs] = pq.read_table(out / "violations.parquet").drop_columns("source_file")
        assert ledger(out)["f.parquet"]["rows_judged"] == n_rows
    assert outputs(tmp_path / "huge1") == outputs(tmp_path / "huge2")
    assert found["huge", 1].equals(found["small", 1])
    rows = found["huge", 1]["row"].to_numpy()
    assert found["huge", 1]["end_time"].cast(pa.int64()).to_pylist() == (NOON + rows + 7).tolist()
    assert found["huge", 1]["observer"].to_pylist() == table["observer"].take(pa.array(rows)).to_pylist()
