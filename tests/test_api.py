"""``import flowcheck``: audit what people hold, ask a cluster at once, go on with the results."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import flowcheck
from flowcheck.api import AuditOptions
from flowcheck.errors import FlowFormatError, OutputError, RunError
from flowcheck.model.cluster import Cluster
from flowcheck.model.instants import instant_of
from flowcheck.model.timeline import END, Lifetime
from flowcheck.results.audit import AuditResult
from flowcheck.results.records.findings import Findings
from tests.builders import make_cluster, make_pod, make_policy
from tests.runners.worlds import ALLOWED, DB, DENIED, WEB, flows, write, write_cluster

pytestmark = pytest.mark.usefixtures("forked_workers")

PORTS = [DENIED, ALLOWED, None, DENIED, 70000, ALLOWED]
VIOLATING = [0, 3]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    return flowcheck.load_cluster(write_cluster(tmp_path_factory.mktemp("cluster")))


def table(**columns: Any) -> pa.Table:
    return flows(len(PORTS), dst_port=pa.array(PORTS, pa.int64()), **columns)


HOLDERS: dict[str, Callable[[pa.Table], object]] = {
    "<DataFrame>": lambda t: t.to_pandas(),
    "<DataFrame> ": lambda t: pl.DataFrame(t).with_columns(pl.col("src_ip").cast(pl.Categorical)),
    "<DuckDBPyRelation>": lambda t: duckdb.connect().from_arrow(t),
    "<InMemoryDataset>": ds.dataset,
    "<Table>": lambda t: t,
    "<RecordBatchReader>": lambda t: t.to_reader(max_chunksize=2),
}


@pytest.fixture(scope="module")
def of_file(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AuditResult:
    """The audit of a file that holds the table."""
    folder = tmp_path_factory.mktemp("file")
    return flowcheck.audit(write(folder / "flows.parquet", table()), cluster, out=folder / "out")


@pytest.mark.parametrize("name", HOLDERS)
def test_a_frame_is_audited_as_its_file_is(
    cluster: Cluster, of_file: AuditResult, tmp_path: Path, name: str
) -> None:
    found = flowcheck.audit(HOLDERS[name](table()), cluster, out=tmp_path)
    assert found.edges.equals(of_file.edges)
    assert found.summary.totals == of_file.summary.totals
    assert not found.summary.complete
    (entry,) = found.ledger.files
    assert entry.file == name.strip()
    assert [(r.reason, r.first_rows) for r in entry.rejected] == [("bad_dst_port", (4,))]
    rows = found.violations()
    assert rows.column("row").to_pylist() == VIOLATING
    assert rows.column("source_file").to_pylist() == [name.strip()] * 2
    assert rows.drop_columns("source_file").equals(of_file.violations().drop_columns("source_file"))
    assert {finding.example.file for finding in found.findings} == {name.strip()}


def test_rows_are_positions_of_the_frame_and_not_labels(cluster: Cluster, tmp_path: Path) -> None:
    frame = table().to_pandas()
    frame.index = pd.Index([70, 61, 52, 43, 34, 25])
    result = flowcheck.audit(frame.iloc[3:], cluster, out=tmp_path, keep_columns=True)
    violations = result.violations()
    assert violations.column("row").to_pylist() == [0]
    assert violations.column("__index_level_0__").to_pylist() == ["43"]


def test_frames_and_files_may_be_mixed(cluster: Cluster, tmp_path: Path) -> None:
    file = write(tmp_path / "flows.parquet")
    result = flowcheck.audit([table(), file, str(file), table().to_pandas()], cluster)
    rows = {entry.file: entry.rows_declared for entry in result.ledger.files}
    assert rows == {"<Table 1>": 6, str(file): 4, "<DataFrame 4>": 6}


def test_paths_may_come_from_a_generator(cluster: Cluster, tmp_path: Path) -> None:
    write(tmp_path / "a.parquet")
    write(tmp_path / "b.parquet")
    assert flowcheck.audit(tmp_path.glob("*.parquet"), cluster).summary.totals.rows_declared == 8


def test_what_is_said_of_the_columns_of_a_file_is_said_of_a_frame(cluster: Cluster, tmp_path: Path) -> None:
    odd = table(**{"tcp-flags": pa.array([2] * 6)}).set_column(
        0, "start_time", table()["start_time"].cast(pa.timestamp("us"))
    )
    (of_file,) = flowcheck.audit(write(tmp_path / "flows.parquet", odd), cluster).ledger.files
    (of_frame,) = flowcheck.audit(odd, cluster).ledger.files
    assert of_frame.warnings == of_file.warnings
    assert len(of_frame.warnings) == 2


def test_columns_that_parquet_has_no_type_for_do_no_harm(cluster: Cluster, tmp_path: Path) -> None:
    odd = table(
        interval=pa.array([(1, 2, 3)] * 6, pa.month_day_nano_interval()),
        repeated=pa.array(["a"] * 6).dictionary_encode(),
    )
    for keep in (False, True):
        result = flowcheck.audit(odd, cluster, out=tmp_path / str(keep), keep_columns=keep)
        assert result.summary.violations.records == 2
    assert result.violations().column("repeated").to_pylist() == ["a", "a"]


def test_many_rows_alike_are_no_damaged_file(cluster: Cluster) -> None:
    """A file of so few bytes for so many rows would be refused from anybody else."""
    n_rows = 2_500_000
    result = flowcheck.audit(flows(n_rows), cluster, jobs=1)
    assert result.summary.totals.rows_judged == n_rows
    assert result.summary.complete


def test_whole_doubles_are_judged_and_others_rejected(cluster: Cluster, tmp_path: Path) -> None:
    ports = pa.array([float(DENIED), float("nan"), 27.5, float(DENIED), float(ALLOWED), 1e300])
    doubles = flows(6, dst_port=ports, packets_reverse=pa.array([1.0, 2.5, None, 4.5, 5, 6]))
    result = flowcheck.audit(write(tmp_path / "flows.parquet", doubles), cluster, out=tmp_path / "out")
    (entry,) = result.ledger.files
    assert [(r.reason, r.first_rows) for r in entry.rejected] == [("bad_dst_port", (2, 5))]
    assert result.summary.verdicts.unknown_by_reason == {"no_port": 1}
    violations = result.violations()
    assert violations.column("row").to_pylist() == [0, 3]
    assert violations.column("dst_port").to_pylist() == [DENIED] * 2
    assert violations.column("packets_reverse").to_pylist() == [1, None]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "flows are paths, or a pandas.*this is a NoneType"),
        ({"src_ip": ["10.0.0.1"]}, "this is a dict"),
        ([{"src_ip": "10.0.0.1"}], "this is a dict"),
        (pl.DataFrame(table()).lazy(), r"collect\(\)"),
        (table().drop_columns("protocol"), "<Table>: .*no column protocol"),
        (table().to_pandas().assign(protocol="TCP"), "protocol is large_string, wanted integer"),
    ],
)
def test_what_is_no_flows_is_refused_before_anything_runs(cluster: Cluster, given: object, said: str) -> None:
    with pytest.raises(FlowFormatError, match=said):
        flowcheck.audit(given, cluster)


def test_a_wrong_cluster_or_program_is_named(cluster: Cluster) -> None:
    program = flowcheck.compile_program(cluster)
    with pytest.raises(TypeError, match="takes a Cluster"):
        flowcheck.audit(table(), program)  # type: ignore[arg-type] # what is tested
    with pytest.raises(TypeError, match="load_cluster"):
        flowcheck.compile_program("cluster.json")  # type: ignore[arg-type] # what is tested
    with pytest.raises(TypeError, match="Program or a Cluster"):
        flowcheck.explain("cluster.json", src="a", dst="b")  # type: ignore[arg-type] # what is tested


def test_two_clusters_are_compared(cluster: Cluster, tmp_path: Path) -> None:
    """Rows in memory, a loaded cluster and paths of one; what is printed is the report."""
    other = write_cluster(tmp_path / "other") / "policy.yaml"
    other.write_text(other.read_text().replace("5432", str(DENIED)))
    result = flowcheck.diff(table(), cluster, tmp_path / "other", max_rejected_rows=1)
    assert [(one.kind, one.records, one.example.row) for one in result.changes] == [
        ("would_be_stopped", 2, 1),
        ("allowed_now", 2, 0),
    ]
    assert result.summary.complete
    assert str(result).startswith("flowcheck diff: 2 records that went through would be stopped")
    assert "unchanged=1 complete=True" in repr(result)
    assert "would be stopped" in result._repr_html_()
    with pytest.raises(TypeError, match=r"diff\(\) got an unexpected keyword argument 'min_cov'"):
        flowcheck.diff(table(), cluster, cluster, min_cov=3)  # type: ignore[call-arg] # what is tested


def test_every_option_of_an_audit_is_told_and_others_are_refused(cluster: Cluster) -> None:
    with pytest.raises(TypeError, match=r"'min_cov'; there are .*min_coverage"):
        flowcheck.audit(table(), cluster, min_cov=3)  # type: ignore[call-arg] # what is tested
    told = flowcheck.audit.__doc__ or ""
    assert [name for name in AuditOptions.__annotations__ if name not in told] == []


def test_rows_in_memory_are_not_resumed(cluster: Cluster, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="memory"):
        flowcheck.audit(table(), cluster, out=tmp_path / "out", resume=True)


def test_the_temporary_file_goes_and_a_full_disk_is_told(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    flowcheck.audit(table(), cluster)
    with pytest.raises(FlowFormatError):
        flowcheck.audit(table().drop_columns("protocol"), cluster)
    assert list(tmp_path.iterdir()) == []

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(pq.ParquetWriter, "write_batch", full)
    with pytest.raises(OutputError, match="No space left"):
        flowcheck.audit(table(), cluster)
    assert list(tmp_path.iterdir()) == []


def test_findings_edges_and_load_are_tables(of_file: AuditResult) -> None:
    result, out = of_file, of_file.out
    assert out is not None
    findings = result.findings.to_pandas()
    assert list(findings["records"]) == [finding.records for finding in result.findings]
    assert findings["first_seen"].dtype.kind == "M"
    assert list(findings["policies"].iloc[0]) == list(result.findings[0].policies)
    assert result.findings.to_arrow().num_rows == len(findings) == 1
    assert result.edges.to_pandas()["records"].sum() == 5
    assert result.policy_hits.to_pandas()["records"].sum() == 4
    assert result.load.to_arrow().equals(pq.read_table(out / "load.parquet"))
    assert result.services.equals(pq.read_table(out / "services.parquet"))


def test_no_findings_are_a_table_with_the_same_columns(of_file: AuditResult) -> None:
    assert Findings(()).to_arrow().schema == of_file.findings.to_arrow().schema
    assert len(Findings(()).to_pandas()) == 0


def test_rows_that_were_not_kept_are_not_said_to_be_none(of_file: AuditResult) -> None:
    with pytest.raises(RunError, match="out=DIR"):
        replace(of_file, out=None).violations()


def test_a_cluster_is_explained_as_its_program_is(cluster: Cluster) -> None:
    asked = {"src": "shop/web", "dst": "shop/db", "port": DENIED}
    program = flowcheck.compile_program(cluster)
    answer = flowcheck.explain(cluster, **asked)  # type: ignore[arg-type] # words of one dict
    assert answer == flowcheck.explain(program, **asked)  # type: ignore[arg-type] # words of one dict
    assert answer.verdict == "deny"
    assert repr(answer).startswith("<Explanation 'shop/Pod/web -> shop/Pod/db 22/TCP' verdict=deny why=")
    assert str(answer).startswith("DENY  shop/Pod/web -> shop/Pod/db, 22/TCP\n")
    assert "<pre>DENY  shop/Pod/web -&gt; shop/Pod/db" in (answer._repr_html_() or "")


def test_a_cluster_of_several_times_is_explained_as_it_was() -> None:
    """The policy that denies is there from noon on."""
    policy = make_policy(subject="app=db", ingress=[])
    noon = datetime(2026, 11, 1, 12, tzinfo=UTC)
    policy = replace(policy, lifetime=Lifetime.exact(instant_of(noon), END))
    world = make_cluster(make_pod("web", WEB, labels="app=web"), make_pod("db", DB, labels="app=db"), policy)
    program = flowcheck.compile_program(world)
    for given in (world, program):
        before = flowcheck.explain(given, src="x/web", dst="x/db", at=noon - timedelta(hours=1))
        after = flowcheck.explain(given, src="x/web", dst="x/db", at=noon + timedelta(hours=1))
        assert (before.verdict, after.verdict) == ("allow", "deny")


def test_words_are_short(cluster: Cluster, of_file: AuditResult) -> None:
    assert repr(cluster) == (
        "<Cluster namespaces=1 nodes=1 pods=2 workloads_without_pods=0 services=0 policies=1 "
        "skipped=0 warnings=0>"
    )
    assert repr(flowcheck.compile_program(cluster)).startswith("<Program endpoints=")
    assert repr(of_file) == (
        "<AuditResult rows=6 allow=2 deny=2 unknown=1 not_applicable=0 rejected=1 violations=2 findings=1 "
        "complete=False>"
    )
    assert str(of_file).startswith("flowcheck: 2 records in violation, 1 finding - INCOMPLETE\n")


@pytest.mark.parametrize("name", flowcheck.__all__)
def test_no_module_has_the_name_of_a_public_one(name: str) -> None:
    """Importing it would put the module in the function's place."""
    assert find_spec(f"flowcheck.{name}") is None


def test_names_of_a_frame_class_are_no_paths(cluster: Cluster) -> None:
    class Odd(pd.DataFrame):
        pass

    Odd.__name__ = "\x1b[2J<b>"
    result = flowcheck.audit(Odd(table().to_pandas()), cluster)
    assert "\x1b" not in str(result)
    assert "<b>" not in (result._repr_html_() or "")


def test_a_wrong_mapping_is_refused_before_a_log_is_read(cluster: Cluster, tmp_path: Path) -> None:
    """With all that is wrong with it, as the command does."""
    mapping = tmp_path / "m.yaml"
    mapping.write_text("columns: {start_tim: {from: t}}\n")
    with pytest.raises(RunError, match="the mapping cannot be used") as caught:
        flowcheck.audit(tmp_path / "x.csv", cluster, mapping=mapping)
    assert any("start_tim" in str(problem) for problem in caught.value.problems)
