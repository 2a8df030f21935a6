"""Sessions for tests of Spark, one a module; without Java or pyspark they are skipped, with the reason."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.cli.run import ROOT

QUIET = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.executorEnv.PYTHONPATH": str(ROOT),
    "spark.sql.shuffle.partitions": "2",
}
# What pyspark says of pandas 3, and what it leaves open when it ends.
EXPECTED = (
    "ignore::FutureWarning",
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)


def missing() -> str:
    """Why there is no Spark; empty where there is."""
    if find_spec("pyspark") is None:
        return "needs pyspark: pip install 'flowcheck[spark]'"
    home = os.environ.get("JAVA_HOME")
    if shutil.which(str(Path(home, "bin", "java")) if home else "java") is None:
        return "needs Java 17: apt-get install openjdk-17-jre-headless"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = missing()
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for warning in EXPECTED:
                item.add_marker(pytest.mark.filterwarnings(warning))
            if reason and "needs_spark" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def needs_spark() -> None:
    """A test that asks for this is skipped where there is none."""


@contextmanager
def session(master: str, folder: Path, **more: str) -> Iterator[Any]:
    """A SparkSession whose executors run this Python, and this checkout."""
    from pyspark.sql import SparkSession

    own = {"PYSPARK_PYTHON": sys.executable, "SPARK_WORKER_DIR": str(folder / "work")}
    more["spark.executorEnv.FLOWCHECK_TEST_OF"] = str(os.getpid())
    with patch.dict(os.environ, own):
        builder = SparkSession.builder.master(master)
        for name, value in {**QUIET, **more}.items():
            builder = builder.config(name, value)
        spark = builder.getOrCreate()
        spark.sparkContext.setLogLevel("OFF")
        try:
            yield spark
        finally:
            spark.stop()


@pytest.fixture(scope="module")
def spark(needs_spark: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two cores of this machine."""
    with session("local[2]", tmp_path_factory.mktemp("spark")) as found:
        yield found
