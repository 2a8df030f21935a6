"""Objects of a store, read by executors: the bytes, and the troubles, are those of the engine local."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import flowcheck
import flowcheck.spark
from flowcheck.stores.uri import Access, StorePath
from tests.environment import environment, set_while_a_store_is_read
from tests.runners.worlds import NOON, US, flows, write, write_cluster
from tests.spark.conftest import session
from tests.spark.worlds import CLUSTER, result, write_files
from tests.stores.server import KEYS, Answer, Relay, Request
from tests.stores.test_faults import FILE, always


@pytest.fixture(scope="module")
def spark(needs_spark: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Its executors find credentials in their own environment."""
    keys = {f"spark.executorEnv.{name}": value for name, value in KEYS.items()}
    with session("local[2]", tmp_path_factory.mktemp("spark"), **keys) as found:
        yield found


@pytest.fixture
def bucket(relay: Relay) -> Iterator[Relay]:
    with environment(KEYS):
        yield relay


def flows_of(relay: Relay) -> StorePath:
    return StorePath("s3://bucket/flows", Access(relay.endpoint))


def upload(relay: Relay, *files: Path) -> None:
    for file in files:
        relay.put(f"bucket/flows/{file.name}", file.read_bytes())


def same_audit(spark: Any, relay: Relay, cluster: Path, tmp_path: Path, **options: Any) -> Any:
    """By both engines, and what came of Spark's."""
    flowcheck.audit(flows_of(relay), cluster, out=tmp_path / "local", **options)
    found = flowcheck.spark.audit(spark, flows_of(relay), cluster, out=tmp_path / "spark", **options)
    assert result(tmp_path / "spark") == result(tmp_path / "local")
    return found


def test_the_bytes_are_those_of_the_engine_local(spark: Any, bucket: Relay, tmp_path: Path) -> None:
    """Parquet of one task and of several, a packed log, damaged files. Each object is fetched once."""
    files = write_files(tmp_path / "f")
    upload(bucket, *files)
    flowcheck.audit(flows_of(bucket), CLUSTER, out=tmp_path / "local", keep_columns=True)
    bucket.begin()
    found = flowcheck.spark.audit(spark, flows_of(bucket), CLUSTER, out=tmp_path / "spark", keep_columns=True)
    assert result(tmp_path / "spark") == result(tmp_path / "local")
    assert {one.reason for one in found.ledger.files if one.status == "failed"} == {"unreadable"}
    assert all(one.sha256 for one in found.ledger.files)
    read = [one.path for one in bucket.requests if one.reads]
    assert sorted(read) == [f"bucket/flows/{file.name}" for file in sorted(files)]


def test_part_of_an_object_is_fetched_where_a_time_is_asked_for(
    spark: Any, bucket: Relay, tmp_path: Path
) -> None:
    n, hour = 400_000, 3_600_000_000
    dice = np.random.default_rng(1)
    begin = NOON // hour * hour - 12 * hour
    table = flows(
        n,
        start_time=pa.array(begin + np.arange(n) * (24 * hour // n), US),
        dst_port=pa.array(dice.integers(1, 65_536, n, dtype=np.int32)),
        bytes=pa.array(dice.integers(0, 1 << 30, n)),
    )
    file = write(tmp_path / "day.parquet", table, row_group_size=n // 24)
    assert file.stat().st_size > 4 << 20
    upload(bucket, file)
    cluster = write_cluster(tmp_path / "cluster")
    since = datetime.fromtimestamp(begin / 10**6, UTC) + timedelta(hours=9)
    bucket.begin()
    found = same_audit(spark, bucket, cluster, tmp_path, since=since, until=since + timedelta(hours=1))
    assert found.ledger.totals.row_groups_pruned > 20
    spans = [one.range.removeprefix("bytes=").split("-") for one in bucket.requests if one.reads]
    assert sum(int(end) - int(first) + 1 for first, end in spans) < file.stat().st_size  # of both engines


@pytest.mark.parametrize("fault", [name for name in FILE if name != "throttled for ever"])
def test_what_stops_a_file_is_told_alike(spark: Any, bucket: Relay, tmp_path: Path, fault: str) -> None:
    upload(bucket, *(write(tmp_path / f"{name}.parquet") for name in "abc"))
    bucket.meddle, reason, words = FILE[fault]
    found = same_audit(spark, bucket, write_cluster(tmp_path / "cluster"), tmp_path)
    status = [one.status for one in found.ledger.files]
    assert status == ["judged", "failed", "judged"]
    assert found.ledger.files[1].reason == reason
    assert words in found.ledger.files[1].detail


def test_executors_go_where_the_drivers_environment_says(spark: Any, bucket: Relay, tmp_path: Path) -> None:
    upload(bucket, write(tmp_path / "a.parquet"))
    with environment({"AWS_ENDPOINT_URL_S3": bucket.endpoint, "AWS_REGION": "eu-west-1"}):
        found = flowcheck.spark.audit(spark, "s3://bucket/flows", write_cluster(tmp_path / "cluster"))
    assert [one.status for one in found.ledger.files] == ["judged"]


def test_what_the_store_refuses_of_a_run_ends_it(spark: Any, bucket: Relay, tmp_path: Path) -> None:
    upload(bucket, write(tmp_path / "a.parquet"))
    bucket.meddle = always(403, "SignatureDoesNotMatch")
    with pytest.raises(flowcheck.FlowcheckError, match="the secret key is not the one of the access key"):
        flowcheck.spark.audit(spark, flows_of(bucket), write_cluster(tmp_path / "cluster"))


def test_executors_without_credentials_say_so(spark: Any, bucket: Relay, tmp_path: Path) -> None:
    """The driver has some, and lists."""
    upload(bucket, write(tmp_path / "a.parquet"))
    bucket.meddle = always(403, "InvalidAccessKeyId", lambda one: "a.parquet" in one.path + one.query)
    found = flowcheck.spark.audit(spark, flows_of(bucket), write_cluster(tmp_path / "cluster"))
    (entry,) = found.ledger.files
    assert (entry.status, entry.reason) == ("failed", "cannot_fetch")
    assert "the access key is not known to the store" in entry.detail
    assert not found.summary.complete


@pytest.mark.parametrize("kind", ["die,once", "die,once,judging", "memory,once"])
def test_a_worker_that_dies_once_reads_an_object_again(
    spark: Any, bucket: Relay, tmp_path: Path, kind: str
) -> None:
    upload(bucket, *(write(tmp_path / f"{name}.parquet") for name in "ab"))
    environment = spark.sparkContext.environment
    environment["FLOWCHECK_FAULT"] = f"{kind}:/"
    try:
        found = flowcheck.spark.audit(spark, flows_of(bucket), write_cluster(tmp_path / "cluster"))
    finally:
        del environment["FLOWCHECK_FAULT"]
    assert [one.status for one in found.ledger.files] == ["judged", "judged"]


def test_no_variable_is_set_while_a_store_is_read(needs_spark: None, bucket: Relay, tmp_path: Path) -> None:
    """Spark sets some as it begins. A store's library reads them, and a process may die of that."""
    upload(bucket, write(tmp_path / "a.parquet"))
    for file in write_cluster(tmp_path / "cluster").iterdir():
        bucket.put(f"bucket/cluster/{file.name}", file.read_bytes())

    def slow(_: Request, own: Callable[[], Answer]) -> Answer:
        time.sleep(0.5)
        return own()

    bucket.meddle = slow
    words = ["audit", "s3://bucket/flows", "--cluster", "s3://bucket/cluster", "--engine", "spark"]
    assert set_while_a_store_is_read(*words, "--endpoint", bucket.endpoint) == []
