"""flowcheck on Spark (``pip install 'flowcheck[spark]'``): files judged by executors, rows where they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from flowcheck.api import AuditOptions, compile_program
from flowcheck.api.asked import ClusterOrPaths, check_names, opened, request_of, source_of
from flowcheck.compile import Program
from flowcheck.errors import FlowFormatError
from flowcheck.judging.frame import ADDED
from flowcheck.runners.local import run_audit
from flowcheck.runners.spark.driver import engine_of
from flowcheck.runners.spark.rows import rows_of
from flowcheck.runners.spark.session import context_of, spark_errors

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from flowcheck.results.audit import AuditResult

__all__ = ["audit", "evaluate"]


def audit(
    spark: SparkSession,
    flows_paths: object,
    cluster: ClusterOrPaths,
    out: str | Path | None = None,
    **options: Unpack[AuditOptions],
) -> AuditResult:
    """Judge every flow in the given files, as ``flowcheck.audit`` does, on the executors of a session.

    Executors read the files at the same paths as the driver: of a file system that all share, or of the one
    machine. What they cannot open, or find to be other than the driver saw it, is a failed file. The result,
    the files in ``out`` and options are those of ``flowcheck.audit``; ``resume`` is refused, and how many
    judge at once is up to Spark.

    Raises: as ``flowcheck.audit``; RunError where Spark gives up, and for a session of Spark Connect.
    """
    check_names("audit", options, AuditOptions)
    request = request_of(out, None, options)
    context = context_of(spark)
    with opened(flows_paths, request) as inputs:
        return run_audit(inputs, source_of(cluster), request, engine=engine_of(context))


def evaluate(flows: DataFrame, cluster: ClusterOrPaths | Program, **options: Any) -> DataFrame:
    """The same rows with what the policies say of them, as ``flowcheck.evaluate`` adds it, as text.

    ``flows`` has the canonical columns; others are kept. ``cluster``: a Cluster, paths of one, or a Program;
    ``options`` are those of ``flowcheck.compile_program``. Works with Spark Connect. Rows are judged when
    Spark is asked for them; one that cannot be judged then fails the job, as it does ``flowcheck.evaluate``.

    Raises: ManifestError, CompileError, RunError; FlowFormatError for columns called as those that are added.
    """
    if taken := [name for name in ADDED if name in flows.columns]:
        hint = "rename or drop them"
        raise FlowFormatError(f"there are columns already that evaluate adds: {', '.join(taken)}", hint=hint)
    if not isinstance(cluster, Program):
        loaded = source_of(cluster).load()
        cluster = compile_program(loaded, **options)
    elif options:
        raise TypeError("a Program was compiled with its options: there is nothing left to choose")
    schema = type(flows.schema)(list(flows.schema.fields))
    for name in ADDED:
        schema = schema.add(name, "string")
    with spark_errors():
        return flows.mapInArrow(rows_of(cluster).__call__, schema)
