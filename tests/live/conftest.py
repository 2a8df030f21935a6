from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flowcheck.live import asking
from tests.live.fake import Running, Store, serving
from tests.live.samples import sample, with_more


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(asking, "LONGEST_PAUSE", 0.02)


@pytest.fixture
def store() -> Store:
    """The first sample, with all that a real server tells beside what is read."""
    made = Store()
    made.serve("", "v1", "secrets", "Secret")
    made.load(one for one in with_more(sample("cluster")) if one["kind"] != "Secret")
    return made


@pytest.fixture
def running(tmp_path: Path, store: Store) -> Iterator[Running]:
    with serving(tmp_path, store) as made:
        yield made
