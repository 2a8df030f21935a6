"""Every promise of SECURITY.md names tests that hold it, and these exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from flowcheck.flows.files.contained import CPU_LIMIT, MEMORY_LIMIT
from flowcheck.manifests.files.paths import MAX_BYTES
from flowcheck.manifests.text.yaml_events import MAX_ALIASED_NODES, MAX_DEPTH, MAX_GROWTH
from flowcheck.version import __version__

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
PROMISED = TEXT.split("## What is promised\n")[1].split("\n## ")[0]
PROMISES = [" ".join(item.split()) for item in re.findall(r"^- (.*?)(?=\n\n|\n- |\Z)", PROMISED, re.M | re.S)]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise[:40])
def test_a_promise_names_a_test(promise: str) -> None:
    assert re.search(r"`tests/[\w/]+\.py::test_\w+`$", promise)


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED}))
def test_the_tests_exist(file: str) -> None:
    there = {
        node.name
        for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    assert {name for path, name in NAMED if path == file} <= there


def test_the_page_is_read_whole() -> None:
    assert len(PROMISES) == PROMISED.count("\n- ")
    assert len(NAMED) == TEXT.count("::test_")


def test_its_numbers_are_those_in_force() -> None:
    words = " ".join(TEXT.split())
    assert f"{MEMORY_LIMIT >> 30} GiB of address space, {CPU_LIMIT} seconds" in words
    assert f"up to {MAX_DEPTH} levels" in words
    assert MAX_GROWTH == 10
    assert f"grow tenfold and by {MAX_ALIASED_NODES:,} nodes at most" in words
    assert f"unpacked up to {MAX_BYTES >> 20} MiB" in words
    assert f"the newest release, {__version__.rpartition('.')[0]}," in words
