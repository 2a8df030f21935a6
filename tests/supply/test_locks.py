"""The locks pin every package by the hashes of its files, and setting up takes nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from supply.locks import LOCKS, ROOT, Pin, read_lock

HASH = "    --hash=sha256:" + "a" * 64


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_by_hashes_and_somebody_needs_it(lock: str) -> None:
    pins = read_lock(ROOT / lock)
    text = (ROOT / lock).read_text()
    assert len(pins) == len(re.findall(r"^\S+==", text, re.M))
    assert sum(len(pin.hashes) for pin in pins) == text.count("--hash=")
    names = {pin.name for pin in pins} | {"flowcheck"}
    assert [pin.name for pin in pins if not pin.via or not names.issuperset(pin.via)] == []


@pytest.mark.parametrize("lock", LOCKS[:-1])
def test_what_is_tested_is_what_users_get(lock: str) -> None:
    ours, all_of_them = ({pin.name: pin for pin in read_lock(ROOT / one)} for one in (lock, LOCKS[-1]))
    assert ours.keys() < all_of_them.keys()
    assert [
        name
        for name, pin in ours.items()
        if (pin.version, pin.hashes) != (all_of_them[name].version, all_of_them[name].hashes)
    ] == []


def test_setting_up_takes_only_what_is_locked() -> None:
    """Beside the project itself, whose dependencies are then all there and whose build tool is locked too."""
    rule = (ROOT / "Makefile").read_text().split("$(STAMP): pyproject.toml")[1].split("\n\n")[0]
    first, second = (line.split(" -m ")[1] for line in rule.splitlines() if " -m pip " in line)
    assert "--require-hashes -r" in first
    assert "--no-deps --no-build-isolation -e ." in second


def test_the_image_takes_only_what_is_locked() -> None:
    steps = re.findall(r"pip install --no-cache-dir (.+)", (ROOT / "deploy" / "Containerfile").read_text())
    assert steps == ["--require-hashes -r requirements-image.lock", "--no-deps --no-build-isolation ."]


def test_the_readme_installs_by_hashes() -> None:
    block = (ROOT / "README.md").read_text().split("<!-- locked -->\n```\n")[1].split("\n```")[0]
    steps = [line.split(maxsplit=1)[1] for line in block.splitlines()]
    assert steps == [
        "-m venv .venv",
        "install --require-hashes -r requirements.lock",
        "install --no-deps .",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a==1 \\\n    # via b\n", "a has no hash"),
        (f"a==1 \\\n{HASH}\nb>=2\n", "a.lock:3: no line of a lock"),
        (f"{HASH}\n", "a.lock:1: no line of a lock"),
        (f"a==1 \\\n{HASH}\n-e .\n", "a.lock:3: no line of a lock"),
    ],
)
def test_what_is_no_lock_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.lock"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_lock(path)


def test_who_needs_a_package(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    path.write_text(
        f"# head\nb==2 \\\n{HASH}\n    # via\n    #   -c x.lock\n    #   flowcheck (pyproject.toml)\n"
        "    #   a\n"
        f"\na==1 \\\n{HASH} \\\n{HASH}\n    # via flowcheck (pyproject.toml)\n"
    )
    sha256 = "a" * 64
    assert read_lock(path) == [
        Pin("a", "1", (sha256, sha256), ("flowcheck",)),
        Pin("b", "2", (sha256,), ("flowcheck", "a")),
    ]
