"""Rows through Spark Connect, where there is no SparkContext; files are refused there, with what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.cli.run import ROOT
from tests.spark.worlds import CLUSTER, DATA

pytestmark = pytest.mark.slow

FILE = DATA / "flows" / "2026-03-10T00.parquet"
CODE = f"""
import json
import flowcheck, flowcheck.spark
from pyspark.sql import SparkSession
spark = SparkSession.builder.remote("local[2]").getOrCreate()
rows = spark.read.parquet({str(FILE)!r})
judged = flowcheck.spark.evaluate(rows, {str(CLUSTER)!r})
counted = {{row["verdict"]: row["count"] for row in judged.groupBy("verdict").count().collect()}}
try:
    flowcheck.spark.audit(spark, {str(FILE)!r}, {str(CLUSTER)!r})
except flowcheck.RunError as error:
    refused = str(error)
print(json.dumps([type(spark).__module__, counted, refused]))
spark.stop()
"""


def test_rows_are_judged_through_spark_connect(needs_spark: None) -> None:
    pytest.importorskip("grpc", reason="needs pip install 'pyspark[connect]'")
    own = {"PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env={**os.environ, **own}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    module, counted, refused = json.loads(done.stdout.splitlines()[-1])
    import pyarrow.parquet as pq

    import flowcheck

    program = flowcheck.compile_program(flowcheck.load_cluster(CLUSTER))
    judged = flowcheck.evaluate(program, pq.read_table(FILE))
    expected = {one["values"]: one["counts"] for one in judged["verdict"].value_counts().to_pylist()}
    assert (module, counted) == ("pyspark.sql.connect.session", expected)
    assert refused.startswith("files are judged through a SparkContext, which Spark Connect has not")
