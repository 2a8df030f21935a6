"""JSON that nests deeper than its decoder goes costs itself, wherever it stands.

A decoder whose stack is full stands in for such text: other readers of JSON may not survive it, so there is
none here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from flowcheck.flows.logs.text.decoding import decoded
from flowcheck.manifests.text import json_items
from flowcheck.objects.annotations import NETWORK_STATUS
from tests.conftest import Load

Problems = Callable[..., list[str]]
NESTED = "[" * 66 + "]" * 66
"""Deeper than YAML may be; msgspec decodes it."""


class Full:
    def decode(self, text: object) -> Any:
        raise RecursionError


def test_a_document(monkeypatch: pytest.MonkeyPatch, problems: Problems) -> None:
    assert "not a Kubernetes object" in problems(NESTED, "a.json")[0]
    monkeypatch.setattr(json_items, "_decoder", lambda type_: Full())
    assert "nested too deeply" in problems(NESTED, "a.json")[0]


def test_an_annotation(monkeypatch: pytest.MonkeyPatch, load: Load) -> None:
    def full(*_: object, **__: object) -> Any:
        raise RecursionError

    monkeypatch.setattr(msgspec.json, "decode", full)
    pod = {"apiVersion": "v1", "kind": "Pod", "status": {"podIP": "10.0.0.1"}}
    metadata = {"name": "p", "annotations": {NETWORK_STATUS: NESTED}}
    cluster = load(json.dumps({**pod, "metadata": metadata}), "a.json")
    assert [one.partition(": ")[2] for one in cluster.warnings] == [
        f"its annotation {NETWORK_STATUS} cannot be read, so its other addresses are not known"
    ]
    assert cluster.pods[0].addresses == ("10.0.0.1",)


def test_a_line_of_a_log() -> None:
    assert decoded(Full(), NESTED.encode()) is None  # type: ignore[arg-type]
