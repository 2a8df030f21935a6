"""Every bad input ends with its code, says what is wrong and where, and leaves nothing on a terminal."""

from __future__ import annotations

import hashlib
import os
import random
import re
import stat
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.badinputs import good
from tests.badinputs.corpus import (
    CORPUS,
    MOST_MEMORY,
    MOST_SECONDS,
    PAGES,
    World,
    make_world,
    run_apart,
    run_here,
)
from tests.badinputs.inputs import BadInput, first_fault, misbehaviour
from tests.cli.run import ROOT, flowcheck
from tests.limits import forget_most_memory, memory_held, most_memory_held

pytestmark = pytest.mark.usefixtures("forked_workers")

SEED, SAMPLE = 40, 40
OWN_MEMORY = 256 << 20
"""Bytes beyond what the process holds before: a process of its own begins with 150 MiB of libraries."""
_INPUTS = [pytest.param(one, id=one.name.encode("unicode_escape").decode()) for one in CORPUS]
_FEW = random.Random(SEED).sample(CORPUS, SAMPLE)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, forked_workers: None) -> World:
    """With everything loaded that a first command loads: that time and memory is no input's."""
    world = make_world(tmp_path_factory.mktemp("badinputs"))
    done = flowcheck(
        "audit", world.base / "flows.parquet", "--cluster", world.base / "cluster", "--jobs", "1"
    )
    assert done.returncode == 0, done.stderr
    return world


@pytest.mark.parametrize("one", _INPUTS)
def test_a_bad_input_is_told_from_a_good_one(one: BadInput, world: World) -> None:
    with world.made(one) as here:
        before = memory_held()
        forget_most_memory()
        done = run_here(world.words(one, here))
        assert most_memory_held() - before < OWN_MEMORY
    assert (done.returncode, misbehaviour(done)) == (one.code, ""), done.stderr
    said = first_fault(done, here)
    assert re.search(one.said, said), said


@pytest.mark.parametrize("one", _FEW, ids=[one.name.encode("unicode_escape").decode() for one in _FEW])
def test_so_it_is_in_a_process_of_its_own(one: BadInput, world: World, tmp_path: Path) -> None:
    with world.made(one) as here:
        ended = run_apart(world.words(one, here), tmp_path)
    assert (ended.done.returncode, misbehaviour(ended.done)) == (one.code, ""), ended.done.stderr
    assert re.search(one.said, first_fault(ended.done, here)), ended.done.stderr
    assert ended.seconds < MOST_SECONDS
    assert ended.memory < MOST_MEMORY


def test_there_are_hundreds_and_no_two_are_the_same(tmp_path: Path) -> None:
    assert len(CORPUS) >= 500
    assert [name for name, n in Counter(one.name for one in CORPUS).items() if n > 1] == []
    world = World(tmp_path)
    seen: dict[str, str] = {}
    for one in CORPUS:
        with world.made(one) as here:
            digest = _digest(one, here)
        assert digest not in seen, (one.name, seen[digest])
        seen[digest] = one.name


def test_the_page_about_reliability_counts_them() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    counts = dict(re.findall(r"^\| .*\(`(\w+)`\) \| ([\d,]+) \|", text, re.M))
    assert counts == {page.__name__.rpartition(".")[2]: f"{len(page.INPUTS):,}" for page in PAGES}
    assert f"makes {len(CORPUS):,} bad inputs" in text


@pytest.mark.parametrize("one", [*good.POLICIES, *good.OBJECTS], ids=good.title)
def test_what_they_differ_from_is_good(one: good.Object, world: World, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(one))
    done = flowcheck("inventory", tmp_path / "a.yaml", "-o", tmp_path / "out.parquet")
    assert done.returncode == 0, done.stderr
    assert "refuses" not in done.stderr


def _digest(one: BadInput, here: Path) -> str:
    """Of the command, and of what lies in the folder: names, kinds, contents."""
    found = hashlib.sha256(repr(one.command).encode())
    waiting = [here]
    while waiting:
        for entry in sorted(os.scandir(waiting.pop()), key=lambda entry: entry.name):
            mode = entry.stat(follow_symlinks=False).st_mode
            found.update(f"{entry.name!r} {stat.S_IFMT(mode)} ".encode())
            if stat.S_ISLNK(mode):
                found.update(os.readlink(entry.path).encode())
            elif stat.S_ISREG(mode):
                found.update(Path(entry.path).read_bytes())
            elif stat.S_ISDIR(mode) and len(entry.path) < 3000:
                waiting.append(Path(entry.path))
    return found.hexdigest()
