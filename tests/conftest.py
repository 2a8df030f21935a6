"""What holds for every test: no settings from the outside reach it, and examples are the same in each run
(``FLOWCHECK_RANDOM=1``: others each time). And inputs for tests of reading."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import settings

from flowcheck.errors import ManifestError, Problem
from flowcheck.model.cluster import Cluster
from flowcheck.reading import load_cluster

Load = Callable[..., Cluster]
pytest_plugins = ["tests.stores.fixtures"]
settings.register_profile("flowcheck", derandomize="FLOWCHECK_RANDOM" not in os.environ)
settings.load_profile("flowcheck")


def pytest_configure(config: pytest.Config) -> None:
    """Drop FLOWCHECK_ settings of the person running the tests, but those that pick how kernels run."""
    for name in list(os.environ):
        if name.startswith("FLOWCHECK_") and name not in KEPT:
            del os.environ[name]
    for name in ("NO_COLOR", "COLUMNS", "PYTHONIOENCODING"):
        os.environ.pop(name, None)


KEPT = (
    "FLOWCHECK_NO_CACHE",
    "FLOWCHECK_CACHE_DIR",
    "FLOWCHECK_CONFORMANCE",
    "FLOWCHECK_UPDATE_GOLDEN",
    "FLOWCHECK_WORLDS",
    "FLOWCHECK_RANDOM",
    "FLOWCHECK_SIGNALS",
    "FLOWCHECK_LIES",
    "FLOWCHECK_MOTO",
    "FLOWCHECK_PICTURES",
)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """``load(text, name="a.yaml", **options)``: write the text to a file and read it as a cluster."""

    def run(text: str | bytes, name: str = "a.yaml", **options: Any) -> Cluster:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_cluster([path], **options)

    return run


@pytest.fixture
def problems(load: Load) -> Callable[..., list[str]]:
    """As ``load``, for text that is refused: each problem as ``file:line path: message (hint)``."""

    def run(text: str | bytes, name: str = "a.yaml", **options: Any) -> list[str]:
        with pytest.raises(ManifestError) as caught:
            load(text, name, **options)
        found = caught.value.problems
        shown = [Problem(p.message, p.where.rpartition("/")[2], p.hint) for p in found]
        return [str(p) for p in shown] or [caught.value.message]

    return run


@pytest.fixture(scope="session", autouse=True)
def _no_programs_kept() -> Iterator[None]:
    """The cache is that of whoever runs the tests: a cluster of a test must not drive out one of theirs."""
    with patch("flowcheck.runners.local.WORTH_KEEPING", math.inf):
        yield


@pytest.fixture(scope="module")
def forked_workers() -> Iterator[None]:
    """Audits of the module have workers that are there at once: see ``tests/runners/forked.py``."""
    from tests.runners.forked import forked

    with forked():
        yield
