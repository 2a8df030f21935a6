"""The same sources make the same wheel, wherever they lie, and the statement beside it names them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from supply.locks import LOCKS, ROOT
from supply.wheel import build, build_commit, sha256_of, wheel_in

PARTS = ("flowcheck", "pyproject.toml", "README.md", "LICENSE", *LOCKS)


def copied(folder: Path) -> Path:
    """What a wheel is made of, in another place."""
    folder.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, folder / part)
    return folder


def git(folder: Path, *words: str) -> str:
    names = ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL")
    done = subprocess.run(
        ["git", "-C", str(folder), *words],
        env={**os.environ, **dict.fromkeys(names, "a@b.example")},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_two_folders_make_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other times, modes and leftovers, another time asked for, and files made in another order."""
    first = copied(tmp_path / "first")
    other = tmp_path / "other" / "deeper"
    other.mkdir(parents=True)
    for file in sorted(first.rglob("*"), reverse=True):
        if file.is_file():
            target = other / file.relative_to(first)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
            target.chmod(0o600)
            os.utime(target, (10**9, 10**9))
    (other / "flowcheck" / "__pycache__").mkdir()
    (other / "flowcheck" / "__pycache__" / "api.cpython-311.pyc").write_bytes(b"x")
    made = build(first, tmp_path / "a")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    again = build(other, tmp_path / "b")
    assert made.name == again.name
    assert sha256_of(made) == sha256_of(again)


def test_its_entries_tell_nothing_of_where_it_was_made(tmp_path: Path) -> None:
    with zipfile.ZipFile(build(copied(tmp_path / "first"), tmp_path / "a")) as wheel:
        entries = wheel.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 & 0o777 for entry in entries} == {0o644}
    names = {entry.filename for entry in entries}
    assert {"flowcheck/py.typed", "flowcheck/demo/cluster/shop.yaml"} <= names
    own = "flowcheck/reports/audit/page/templates"
    assert {f"{own}/{name}" for name in ("page.html", "style.css", "script.js")} <= names


def test_two_checkouts_of_a_commit_make_the_same_wheel_and_statement(tmp_path: Path) -> None:
    """What else lies in a checkout is not in the wheel."""
    first = copied(tmp_path / "first")
    git(first, "init", "--quiet")
    git(first, "add", ".")
    git(first, "commit", "--quiet", "--message", "All")
    git(tmp_path, "clone", "--quiet", str(first), str(tmp_path / "second"))
    (first / "flowcheck" / "unknown.py").write_text("x = 1\n")
    (first / "flowcheck" / "api.py").write_text("")
    wheel, told = build_commit(first, tmp_path / "a")
    again, told_again = build_commit(tmp_path / "second", tmp_path / "b")
    assert wheel.read_bytes() == again.read_bytes()
    assert told.read_bytes() == told_again.read_bytes()
    statement = json.loads(told.read_text())
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [{"name": wheel.name, "digest": {"sha256": sha256_of(wheel)}}]
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    taken = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert taken[0] == {"name": "source", "digest": {"gitCommit": git(first, "rev-parse", "HEAD")}}
    assert taken[1:] == [{"name": lock, "digest": {"sha256": sha256_of(ROOT / lock)}} for lock in LOCKS]
    assert statement["predicate"]["runDetails"]["builder"]["id"]


def test_a_folder_holds_one_wheel(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 wheels"):
        wheel_in(tmp_path)
    for name in ("a.whl", "b.whl"):
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match="2 wheels"):
        wheel_in(tmp_path)
