"""Policies as YAML: what an input wrote is text, in values and in comments."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flowcheck.model.labels import Selector
from flowcheck.model.policy import Direction
from flowcheck.reports.suggestion.policies import documents
from flowcheck.suggesting import telling
from flowcheck.suggesting.languages.calico import Calico
from flowcheck.suggesting.languages.kubernetes import Kubernetes
from flowcheck.suggesting.languages.language import Language
from flowcheck.suggesting.needs import Need, Pods, Policy, Tally
from flowcheck.suggesting.policies import rules_of
from flowcheck.suggesting.units import Unit
from tests.agreement.agree import WORLDS, drawn

EVIL = (
    "x\n---\nkind: Secret",
    "x\r- {}",
    "x\u2028spec: {}",
    "x\x85a: b",
    "x\x1b[2J",
    "#",
    "*a",
    "&a",
    "!!python/object:os.system",
    "{}",
    "y",
    "1e3",
    "0x10",
    "~",
    "null",
    "12:30:45",
    "\ud800",
    "x\ufeff",
)


def text_of(word: str, labels: dict[str, str], language: Language) -> str:
    """A policy whose every word is from an input."""
    unit = Unit(f"{word}/Pod/{word}", word, (), Selector.from_labels(labels), (word,), (f"x/Pod/{word}",))
    need = Need(unit, Direction.INGRESS, Pods(unit), 6, 80, Tally(1, 1, 0, 0), denied_by={word}, refused=2)
    policy = Policy(word, unit, (Direction.INGRESS,), rules_of([need], language), looks_up=False)
    told = telling.told_policies([policy], telling.Names(None))
    return documents([policy], told, language, [word])


@pytest.mark.parametrize("word", EVIL)
@pytest.mark.parametrize("language", [Kubernetes(), Calico()], ids=["kubernetes", "calico"])
def test_nothing_breaks_out(word: str, language: Language) -> None:
    text = text_of(word, {"app": word}, language)
    text.encode("utf-8")
    shown = text.replace(r"\uD800", "")
    documents_ = [one for one in yaml.safe_load_all(shown) if one is not None]
    (document,) = documents_
    assert document["kind"] == "NetworkPolicy"
    assert set(document["spec"]) <= {"podSelector", "policyTypes", "ingress", "selector", "types"}
    assert len(document["spec"]["ingress"]) == 1


@drawn(WORLDS)
@given(
    st.text(max_size=12), st.dictionaries(st.text(max_size=8), st.text(max_size=8), min_size=1, max_size=3)
)
def test_what_goes_in_comes_out(word: str, labels: dict[str, str]) -> None:
    text = text_of(word, labels, Kubernetes())
    (document,) = [one for one in yaml.safe_load_all(text) if one is not None]
    selected: dict[str, Any] = {"matchLabels": labels}
    assert document["metadata"] == {"name": word, "namespace": word}
    assert document["spec"]["podSelector"] == selected
    assert document["spec"]["ingress"] == [
        {"from": [{"podSelector": selected}], "ports": [{"protocol": "TCP", "port": 80}]}
    ]


def test_plain_words_stay_plain() -> None:
    text = text_of("web", {"app.kubernetes.io/name": "web"}, Kubernetes())
    assert "      app.kubernetes.io/name: web\n" in text
    assert "  name: web\n" in text


def test_comments_say_what_was_seen() -> None:
    lines = [line.strip() for line in text_of("web", {"app": "web"}, Kubernetes()).splitlines()]
    seen = "# web/Pod/web 80/TCP: 1 connection, 1970-01-01T00:00:00Z; SEEN ONCE ONLY; DENIED TODAY by web; "
    assert f"{seen}also refused 2 times" in lines
    assert "# NOTE: this selects pods of web, too" in lines
    assert "# x/Pod/web: 0 pods, selected by app=web" in lines
