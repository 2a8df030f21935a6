"""Inputs for the tests of dialects: text goes in, a policy or the problems found come out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowcheck.errors import ManifestError, Problem
from flowcheck.loading import load_cluster
from flowcheck.model.cluster import Cluster

Load = Callable[..., Cluster]


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
