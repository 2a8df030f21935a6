"""The wheel, of a commit and nothing else: the same commit makes the same bytes, wherever it is built.

    python -m supply.wheel FOLDER    # builds what is checked out into FOLDER, with a statement beside it

The commit's files are taken out of git into a folder of their own, so that what else lies in a checkout has
no part in the wheel. Hatchling sorts its entries and gives them fixed modes; the time of each is EPOCH. What
it is built with stands in the statement, as another zlib may pack the same files otherwise.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from supply.locks import ROOT
from supply.provenance import statement

EPOCH = 315532800
"""Seconds since 1970: 1980, before which a zip file knows no time."""


def main() -> None:
    folder = Path(sys.argv[1])
    try:
        wheel, beside = build_commit(ROOT, folder)
    except subprocess.CalledProcessError as error:
        sys.exit(f"supply.wheel: {' '.join(error.cmd[:4])} ... failed: {error.stderr}")
    if _git(ROOT, "status", "--porcelain", "--untracked-files=no"):
        print("supply.wheel: what is not committed is not in the wheel", file=sys.stderr)
    print(f"{sha256_of(wheel)}  {wheel}")
    print(f"{beside}: unsigned")


def build_commit(repository: Path, folder: Path) -> tuple[Path, Path]:
    """The wheel of the commit that is checked out, and the statement of where it comes from.

    **Raises**: CalledProcessError where it is no git repository, or building fails.
    """
    commit = _git(repository, "rev-parse", "HEAD")
    with tempfile.TemporaryDirectory(prefix="flowcheck-") as scratch:
        source = Path(scratch) / "source"
        source.mkdir()
        archive = Path(scratch) / "source.tar"
        _git(repository, "archive", "--format=tar", f"--output={archive}", commit)
        _run("tar", "-xf", str(archive), "-C", str(source))
        wheel = build(source, folder)
        text = statement(wheel.name, sha256_of(wheel), commit, source)
    beside = wheel.with_name(wheel.name + ".provenance.json")
    beside.write_text(text, encoding="utf-8")
    return wheel, beside


def build(source: Path, folder: Path) -> Path:
    """Build a folder of sources with the tools that are installed; older wheels in ``folder`` go."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("*.whl"), *folder.glob("*.whl.provenance.json")):
        old.unlink()
    _run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)),
        SOURCE_DATE_EPOCH=str(EPOCH),
    )
    return wheel_in(folder)


def wheel_in(folder: Path) -> Path:
    """The only wheel of a folder. **Raises**: ValueError where there is none, or another beside it."""
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise ValueError(f"{folder} holds {len(wheels)} wheels, not one; run make wheel")
    return wheels[0]


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _git(repository: Path, *words: str) -> str:
    return _run("git", "-C", str(repository), *words).strip()


def _run(*words: str, **environment: str) -> str:
    done = subprocess.run(
        words, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return done.stdout


if __name__ == "__main__":
    main()
