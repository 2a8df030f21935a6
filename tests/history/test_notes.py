"""What a snapshot's note says counts; one that is not as flowcheck writes it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from flowcheck.model.instants import parse_instant
from tests.conftest import Load

TAKEN = "2026-03-10T10:00:00Z"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}


def listed(note: dict[str, Any]) -> str:
    whole = {"apiVersion": "flowcheck/v1", "kind": "SnapshotNote", "metadata": {"name": "note"}, **note}
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [whole, NAMESPACE]})


def test_its_time_is_that_of_the_file(load: Load) -> None:
    note = {"taken": TAKEN, "until": "2026-03-10T10:00:02Z", "kinds": ["Namespace", "NetworkPolicy"]}
    cluster = load(listed(note), "2020-01-01T00-00-00Z.json")
    assert cluster.known_until == parse_instant(TAKEN)
    assert cluster.refused == ()


def test_what_it_lacks_is_refused_once(load: Load) -> None:
    missing = [{"kind": "pods", "reason": "may not be listed (403)"}] * 2
    cluster = load(listed({"taken": TAKEN, "until": TAKEN, "missing": missing}), "a.json")
    (refused,) = cluster.refused
    assert str(refused).endswith("a.json:1: pods refused: not in it: may not be listed (403)")


@pytest.mark.parametrize(
    "note",
    [
        {"taken": "yesterday", "until": TAKEN},
        {"taken": TAKEN, "until": "soon"},
        {"taken": TAKEN},
        {"taken": TAKEN, "until": TAKEN, "missed": [{"since": TAKEN, "until": "soon"}]},
        {"taken": TAKEN, "until": TAKEN, "kinds": "Pod"},
    ],
)
def test_one_that_is_not_as_it_is_written_is_refused(
    note: dict[str, Any], problems: Callable[..., list[str]]
) -> None:
    (problem,) = problems(listed(note), "a.json")
    assert "a.json:1" in problem
    assert "SnapshotNote note" in problem
