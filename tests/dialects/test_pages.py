"""Every field that a reader of policies knows stands on the page of its language, with what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.dialects.fields import CALICO, CILIUM, KUBERNETES, asked_for

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("page", "documents"), [("coverage.md", KUBERNETES), ("cilium.md", CILIUM), ("calico.md", CALICO)]
)
def test_every_field_is_on_its_page(
    page: str, documents: Sequence[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", text))))
    fields = asked_for(documents, tmp_path, monkeypatch)
    assert sorted(fields - named) == []
    assert len(fields) > 20
