"""One answer: of this machine's workers and of Spark's, in whatever order files come, whatever befalls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import flowcheck
import flowcheck.spark
from flowcheck.errors import FlowFormatError, RunError
from flowcheck.judging.frame import ADDED
from flowcheck.runners.spark import bringing, driver
from tests.cli.run import ROOT
from tests.cli.run import flowcheck as command
from tests.runners.worlds import flows, write, write_cluster
from tests.spark.worlds import CLUSTER, DATA, result, write_files

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_files(tmp_path_factory.mktemp("files") / "f")


@pytest.fixture(scope="module")
def expected(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What one worker and two make of them."""
    outs = [tmp_path_factory.mktemp(f"local-{jobs}") for jobs in (1, 2)]
    for jobs, out in enumerate(outs, 1):
        flowcheck.audit(files, CLUSTER, out=out, jobs=jobs, keep_columns=True)
    one, two = map(result, outs)
    assert one == two
    return one


@pytest.mark.parametrize("slices", [1, 50])
def test_the_bytes_are_those_of_the_engine_local(
    spark: Any,
    files: list[Path],
    expected: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    slices: int,
) -> None:
    """Files in both orders; many tasks in a slice and one, whose sums are added up in one place and in a
    tree; violations at once and partition by partition."""
    monkeypatch.setattr(driver, "SLICES", slices)
    monkeypatch.setattr("flowcheck.runners.spark.merging.MOST_AT_ONCE", 3)
    monkeypatch.setattr(bringing, "MOST_BROUGHT", 1 if slices > 1 else bringing.MOST_BROUGHT)
    given = files if slices == 1 else files[::-1]
    found = flowcheck.spark.audit(spark, given, CLUSTER, out=tmp_path / "out", keep_columns=True)
    assert result(tmp_path / "out") == expected
    failed = {Path(one.file).name: one.reason for one in found.ledger.files if one.status == "failed"}
    assert failed.keys() == {"cut.parquet", "hurt.parquet"}
    assert not found.summary.complete
    totals = found.ledger.totals
    parts = totals.rows_judged, totals.rows_unknown, totals.rows_rejected, totals.rows_filtered
    assert sum(parts) == sum(one.rows_declared for one in found.ledger.files if one.status == "judged")


@contextmanager
def fault(spark: Any, kind: str, path: Path) -> Iterator[None]:
    """Workers under Spark's Python processes go wrong, as flowcheck/runners/trouble/faults.py has it."""
    environment = spark.sparkContext.environment
    environment["FLOWCHECK_FAULT"] = f"{kind}:{path}"
    try:
        yield
    finally:
        del environment["FLOWCHECK_FAULT"]


def test_a_file_that_kills_its_reader_is_a_failed_file(spark: Any, tmp_path: Path) -> None:
    """And no failed task of Spark's."""
    cluster = write_cluster(tmp_path / "cluster")
    for name in "ab":
        write(tmp_path / "f" / f"{name}.parquet", flows(10))
    with fault(spark, "die,judging", tmp_path / "f" / "b"):
        found = flowcheck.spark.audit(spark, tmp_path / "f", cluster)
    a, b = found.ledger.files
    assert (a.status, a.rows_judged) == ("judged", 10)
    assert (b.status, b.reason) == ("failed", "reader_died")
    assert b.detail == "the process that read it died (SIGKILL), and so did a second"
    assert found.summary.violations.records == 10


def test_what_goes_wrong_once_is_tried_again(spark: Any, tmp_path: Path) -> None:
    cluster = write_cluster(tmp_path / "cluster")
    write(tmp_path / "f.parquet", flows(10))
    for kind in ("die,once,judging", "memory,once"):
        with fault(spark, kind, tmp_path / "f"):
            found = flowcheck.spark.audit(spark, tmp_path / "f.parquet", cluster)
        assert found.summary.complete
        assert found.summary.violations.records == 10


def test_a_file_that_grows_has_failed(spark: Any, tmp_path: Path) -> None:
    cluster = write_cluster(tmp_path / "cluster")
    write(tmp_path / "f.parquet", flows(10))
    with fault(spark, "grow,judging", tmp_path / "f"):
        (entry,) = flowcheck.spark.audit(spark, tmp_path / "f.parquet", cluster).ledger.files
    assert (entry.status, entry.reason) == ("failed", "unreadable")
    assert "changed" in entry.detail


def test_a_file_that_executors_do_not_see_has_failed(
    spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is moved once the driver has listed it."""
    cluster = write_cluster(tmp_path / "cluster")
    write(tmp_path / "f" / "a.parquet", flows(10))
    b = write(tmp_path / "f" / "b.parquet", flows(10))
    look = driver.Executors._look

    def moved(*arguments: Any) -> Any:
        b.rename(tmp_path / "elsewhere.parquet")
        return look(*arguments)

    monkeypatch.setattr(driver.Executors, "_look", moved)
    entry = flowcheck.spark.audit(spark, tmp_path / "f", cluster).ledger.files[1]
    assert (entry.status, entry.reason, entry.detail) == (
        "failed",
        "cannot_open",
        "No such file or directory",
    )


def test_a_full_disk_of_an_executor_ends_the_run(spark: Any, tmp_path: Path) -> None:
    """Where Spark finds no executor that fares better."""
    cluster = write_cluster(tmp_path / "cluster")
    write(tmp_path / "f.parquet", flows(10))
    with fault(spark, "full", tmp_path / "f"), pytest.raises(RunError, match="No space left on device"):
        flowcheck.spark.audit(spark, tmp_path / "f.parquet", cluster, out=tmp_path / "out")
    assert not (tmp_path / "out" / "summary.json").exists()


def test_sums_past_what_can_be_are_refused(
    spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = write_cluster(tmp_path / "cluster")
    for name in range(2):
        write(tmp_path / "f" / f"{name}.parquet", flows(1, bytes=pa.array([1000])))
    monkeypatch.setattr("flowcheck.runners.merged.MOST", 1999)
    with pytest.raises(RunError, match="adds up to more than any network can carry"):
        flowcheck.spark.audit(spark, tmp_path / "f", cluster)


def test_an_executor_with_another_version_is_refused(
    spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = write_cluster(tmp_path / "cluster")
    write(tmp_path / "f.parquet", flows(1))
    monkeypatch.setattr(driver, "__version__", "0.0.1")
    with pytest.raises(RunError, match=r"the driver runs flowcheck 0\.0\.1, an executor"):
        flowcheck.spark.audit(spark, tmp_path / "f.parquet", cluster)


def test_rows_in_memory_and_filters(spark: Any, tmp_path: Path) -> None:
    """The executors of this machine see its temporary files."""
    cluster = flowcheck.load_cluster([write_cluster(tmp_path / "cluster")])
    found = flowcheck.spark.audit(spark, flows(7), cluster, namespaces=["nowhere"])
    assert (found.ledger.totals.rows_filtered, found.ledger.files[0].file) == (7, "<Table>")


def test_resume_is_refused(spark: Any, tmp_path: Path) -> None:
    cluster = write_cluster(tmp_path / "cluster")
    write(tmp_path / "f.parquet", flows(1))
    with pytest.raises(RunError, match="on Spark"):
        flowcheck.spark.audit(spark, tmp_path / "f.parquet", cluster, out=tmp_path / "out", resume=True)


def test_the_command_says_what_the_engine_local_says(spark: Any, tmp_path: Path) -> None:
    """It takes the SparkContext that there is."""
    cluster = write_cluster(tmp_path / "cluster")
    file = write(tmp_path / "f.parquet", flows(1))
    said = []
    for engine in ("local", "spark"):
        done = command("audit", file, "--cluster", cluster, "--engine", engine, "-f", "md")
        assert done.returncode == 1
        said.append([line for line in done.stdout.splitlines() if "speed" not in line])
    assert said[0] == said[1]


def test_the_readme_shows_what_the_command_prints(
    spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    shown = README.split("<!-- spark -->\n```\n")[1].split("\n```")[0].split("\n")
    words = README.split("<!-- spark -->")[0].rsplit("\nflowcheck ", 1)[1].split("\n")[0].split()
    done = command(*(tmp_path / word if word == "result" else word for word in words))
    assert done.returncode == 1, done.stderr
    assert len(words) > 5
    assert [line for line in shown if line != "..." and line not in done.stdout.splitlines()] == []
    assert (tmp_path / "result" / "ledger.json").exists()


def test_rows_of_a_dataframe_get_the_verdicts_of_evaluate(spark: Any) -> None:
    """Every row of a sample, with the column that tells rows apart, cut into small batches of Spark's."""
    files = [str(file) for file in sorted((DATA / "flows").glob("*00.parquet"))]
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "1000")
    rows = spark.read.parquet(*files).repartition(3)
    cluster = flowcheck.load_cluster(CLUSTER)
    judged = flowcheck.spark.evaluate(rows, cluster, ipblock_matches_pods="yes")
    assert judged.columns[: len(rows.columns)] == rows.columns
    table = judged.toArrow()
    program = flowcheck.compile_program(cluster, ipblock_matches_pods="yes")
    expected = flowcheck.evaluate(program, table.select(rows.columns))
    assert table.num_rows == sum(pq.read_metadata(file).num_rows for file in files)
    assert len(table["verdict"].unique()) > 2
    for name in ADDED:
        assert table[name].combine_chunks().equals(expected[name].cast(pa.string()).combine_chunks()), name


def test_evaluate_refuses_what_it_cannot_mean(spark: Any) -> None:
    rows = spark.createDataFrame([(1,)], "verdict int")
    with pytest.raises(FlowFormatError, match="columns already that evaluate adds: verdict"):
        flowcheck.spark.evaluate(rows, CLUSTER)
    program = flowcheck.compile_program(flowcheck.load_cluster(CLUSTER))
    with pytest.raises(TypeError, match="compiled with its options"):
        flowcheck.spark.evaluate(rows.drop("verdict"), program, cni="calico")
