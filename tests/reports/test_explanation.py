"""Explanations as text against golden files, and what holds for hostile names.

FLOWCHECK_UPDATE_GOLDEN=1 rewrites the golden files.
"""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

import flowcheck
from flowcheck.compile import Program, compile_program
from flowcheck.engines.profiles import apply
from flowcheck.explaining import Explanation, explain
from flowcheck.model.options import Options
from flowcheck.reading import load_cluster
from flowcheck.reports.explanation import json as explanation_json
from flowcheck.reports.explanation import terminal as explanation_terminal
from tests.builders import make_cluster, make_pod, make_policy

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"

PAIRS = {
    "denied-by-both": ("shop/cart", "payments/svc/payments-api", 443),
    "backends": ("shop/gateway", "shop/svc/storefront", 80),
    "outside": ("203.0.113.9", "shop/gateway", 8080),
}


@pytest.fixture(scope="module")
def program() -> Program:
    """From inside the checkout's folder, so that the files are named the same everywhere."""
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        return compile_program(load_cluster(["data/cluster"]))
    finally:
        os.chdir(before)


def text_of(explanation: Explanation) -> str:
    stream = io.StringIO()
    explanation_terminal.render(explanation, stream, width=80, color="never")
    return stream.getvalue()


@pytest.mark.parametrize("name", PAIRS)
def test_terminal(name: str, program: Program) -> None:
    src, dst, port = PAIRS[name]
    text = text_of(explain(program, src=src, dst=dst, port=port))
    assert max(map(len, text.splitlines())) <= 80
    assert text.isascii()
    file = GOLDEN / f"explain-{name}.txt"
    if os.environ.get("FLOWCHECK_UPDATE_GOLDEN"):
        file.write_text(text)
    assert text == file.read_text()


def test_terminal_in_words_of_cilium(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    enforced = apply(load_cluster(["data/cilium/cluster"]), Options())
    program = compile_program(enforced.cluster, enforced.options)
    text = text_of(explain(program, src="shop/front-0", dst="pay/ledger-0", port=5432))
    assert max(map(len, text.splitlines())) <= 80
    file = GOLDEN / "explain-cilium.txt"
    if os.environ.get("FLOWCHECK_UPDATE_GOLDEN"):
        file.write_text(text)
    assert text == file.read_text()


def test_colour_says_nothing_of_its_own(program: Program) -> None:
    answer = explain(program, src="shop/cart", dst="shop/cart-store", port=80)
    stream = io.StringIO()
    explanation_terminal.render(answer, stream, width=80, color="always")
    assert "\x1b[" in stream.getvalue()
    assert "DENY" in text_of(answer)


def test_hostile_names_leave_no_control_character_and_no_line() -> None:
    evil = "\x1b[31m\nDENY [red]x\u202e"
    pod = make_pod("a/web", "10.0.0.1")
    cluster = make_cluster(
        replace(pod, labels={"app": evil}), make_pod("a/db", "10.0.0.2"), make_policy(f"a/{evil}", egress=())
    )
    program = flowcheck.compile_program(cluster)
    text = text_of(explain(program, src="a/web", dst="a/db"))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert not any(line.startswith("DENY [red]") for line in text.splitlines())


def test_json_is_the_record(program: Program) -> None:
    answer = explain(program, src="shop/cart", dst="shop/cart-store", port=80)
    stream = io.StringIO()
    explanation_json.render(answer, stream)
    record = json.loads(stream.getvalue())
    assert (record["schema"], record["verdict"]) == (1, "deny")
    assert record["cases"][0]["ingress"]["tiers"][0]["policies"][0]["rules"]
    assert record["change"]["edits"][0]["yaml"]
