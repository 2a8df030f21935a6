"""What every test of a result that is read again starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runners.verifying.results import copied, write_result


@pytest.fixture(scope="module")
def written(forked_workers: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result that nobody touches; its flows and its cluster lie beside it."""
    return write_result(tmp_path_factory.mktemp("written"))


@pytest.fixture
def result(written: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return copied(written, tmp_path)
