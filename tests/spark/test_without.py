"""What is said where there is no Spark, or where it gives up: one line, with what to do, and code 2."""

from __future__ import annotations

import sys
from copy import copy
from pathlib import Path

import pytest

from flowcheck.errors import RunError
from flowcheck.runners.spark.session import spark_errors
from tests.cli.run import flowcheck as command
from tests.runners.worlds import write, write_cluster


def refused(tmp_path: Path, *more: str) -> str:
    cluster, file = write_cluster(tmp_path / "cluster"), write(tmp_path / "f.parquet")
    done = command("audit", file, "--cluster", cluster, "--engine", "spark", *more)
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


def test_without_pyspark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    said = "error: the engine spark needs the package pyspark (pip install 'flowcheck[spark]')\n"
    assert refused(tmp_path) == said


def test_without_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pyspark = pytest.importorskip("pyspark", reason="needs the extra spark")
    monkeypatch.setattr(pyspark.SparkContext, "_active_spark_context", None)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    needs = "error: the engine spark needs Java 17 or later: "
    hint = " (on Debian: apt-get install openjdk-17-jre-headless)\n"
    assert refused(tmp_path) == f"{needs}there is no java on the path{hint}"
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    assert refused(tmp_path) == f"{needs}JAVA_HOME=/nowhere has no bin/java{hint}"


@pytest.mark.parametrize("more", [("--jobs", "2"), ("--resume", "-o", "out")])
def test_options_of_the_engine_local(tmp_path: Path, more: tuple[str, ...]) -> None:
    assert f"{more[0]} is of the engine local" in refused(tmp_path, *more)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "ExecutorLostFailure (executor 3 exited caused by one of the running tasks) exit code 137",
            "Spark's executors were lost again and again, for want of memory it seems",
        ),
        ("java.lang.OutOfMemoryError: Java heap space", "for want of memory it seems"),
        (
            "ModuleNotFoundError: No module named 'flowcheck'",
            "flowcheck is not there where Spark's executors",
        ),
        ("is bigger than spark.driver.maxResultSize (1024.0 MiB)", "raise spark.driver.maxResultSize"),
        ("[PYTHON_VERSION_MISMATCH] Python in worker", "another Python than the driver"),
        ("x\nflowcheck.errors.RunError: a disk is full\n\tat java", "Spark gave up: a disk is full"),
        ("Traceback\nOSError: [Errno 28] No space left on device\n\tat java", "[Errno 28] No space left"),
        ("org.apache.Something: odd\n\tat java", "Spark gave up: org.apache.Something: odd"),
    ],
)
def test_what_spark_says_is_put_into_words(text: str, said: str) -> None:
    pytest.importorskip("pyspark", reason="needs the extra spark")
    from py4j.protocol import Py4JError

    with pytest.raises(RunError) as caught, spark_errors():
        raise Py4JError(text)
    assert said in str(caught.value)
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_errors_travel_whole() -> None:
    """From executors, as values: they are taken apart and put together as copies are."""
    error = copy(RunError("a", where="b", hint="c"))
    assert (error.message, error.where, error.hint) == ("a", "b", "c")
