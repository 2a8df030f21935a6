"""Spark itself: whether it is there, how it is begun, and what it means when it gives up."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from flowcheck.errors import RunError

MOST_SAID = 300
"""Characters of what Spark says."""
_WRONG = (
    (
        r"No module named '(flowcheck[\w.]*|numba|numpy|pyarrow|msgspec)'",
        "flowcheck is not there where Spark's executors run Python",
        "install it there, or name the Python that has it: PYSPARK_PYTHON, or ship it (docs/spark.md)",
    ),
    (
        r"PYTHON_VERSION_MISMATCH",
        "Spark's executors run another Python than the driver",
        "name one that both have: PYSPARK_PYTHON",
    ),
    (
        r"ExecutorLostFailure|OutOfMemoryError|exit code 137|exceeding (memory|physical) limits",
        "Spark's executors were lost again and again, for want of memory it seems",
        "give each more (spark.executor.memoryOverhead) or fewer tasks at once (spark.executor.cores)",
    ),
    (
        r"maxResultSize",
        "what was added up is more than Spark brings to the driver",
        "raise spark.driver.maxResultSize, or audit a part: --since and --until, or --namespace",
    ),
    (r"cancelled", "Spark was told to stop", "begin it anew"),
)


def pyspark() -> ModuleType:
    """**Raises**: RunError where it is not installed."""
    try:
        return import_module("pyspark")
    except ImportError as error:
        hint = "pip install 'flowcheck[spark]'"
        raise RunError("the engine spark needs the package pyspark", hint=hint) from error


def on_disk() -> Any:
    return pyspark().StorageLevel.DISK_ONLY


def context_of(spark: Any) -> Any:
    """The SparkContext of a SparkSession.

    **Raises**: RunError for a session of Spark Connect, which has none."""
    try:
        return spark.sparkContext
    except Exception as error:
        raise RunError(
            "files are judged through a SparkContext, which Spark Connect has not",
            hint="audit where the driver runs (spark-submit), or flowcheck.spark.evaluate(rows)",
        ) from error


def begun() -> Any:
    """The SparkContext of this process, or a new one as Spark is configured.

    **Raises**: RunError where it cannot be."""
    spark = pyspark()
    if spark.SparkContext._active_spark_context is None:
        _check_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    heard = signal.getsignal(signal.SIGINT)
    try:
        with spark_errors("Spark cannot be begun"):
            return spark.SparkContext.getOrCreate(spark.SparkConf().setAppName("flowcheck"))
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, heard)  # Spark hears it itself, and then nobody else does


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = Path(home, "bin", "java") if home else Path("java")
    if shutil.which(java) is None:
        where = f"JAVA_HOME={home} has no bin/java" if home else "there is no java on the path"
        raise RunError(
            f"the engine spark needs Java 17 or later: {where}",
            hint="on Debian: apt-get install openjdk-17-jre-headless",
        )


@contextmanager
def spark_errors(doing: str = "Spark gave up") -> Iterator[None]:
    """What Spark raises, as a RunError that says what to do."""
    spark = pyspark()
    py4j = import_module("py4j.protocol")
    try:
        yield
    except (py4j.Py4JError, spark.errors.PySparkException) as error:
        text = str(error)
        own = re.findall(r"flowcheck\.errors\.\w+: (.*)", text)
        if own:
            raise RunError(f"{doing}: {own[-1][:MOST_SAID]}", hint="on an executor") from error
        for pattern, message, hint in _WRONG:
            if re.search(pattern, text):
                raise RunError(message, hint=hint) from error
        raise RunError(f"{doing}: {_cause(text)}", hint="its log says more") from error


def _cause(text: str) -> str:
    """The line that says most: a Python exception's last, else what Java says first."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    python = [line for line in lines if re.match(r"[\w.]*(Error|Exception): ", line) and "java" not in line]
    return (python or lines or ["it does not say why"])[-1 if python else 0][:MOST_SAID]
