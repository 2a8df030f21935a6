"""What holds for every test: no settings from the outside reach it."""

from __future__ import annotations

import os

import pytest


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
)
