"""Temporary folders of runs that were killed go when the next run begins; those of others never do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from flowcheck.temporary import MARK, sweep, temporary_folder
from tests.cli.run import ROOT


def leave(place: Path, *, then: str = "os.kill(os.getpid(), 9)") -> Path:
    """A folder whose process is gone, with something in it."""
    code = (
        "import os, sys; from pathlib import Path; from flowcheck.temporary import temporary_folder\n"
        "with temporary_folder(sys.argv[1]) as folder:\n"
        "    (folder / 'sub' / 'sub').mkdir(parents=True); (folder / 'sub' / 'file').write_text('x')\n"
        "    (folder / 'link').symlink_to(sys.argv[1]); print(folder, flush=True)\n"
        f"    {then}\n"
    )
    words = [sys.executable, "-c", code, str(place)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return Path(done.stdout.strip())


def test_a_folder_is_for_its_owner_and_goes_with_the_block(tmp_path: Path) -> None:
    with temporary_folder(tmp_path) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "a").touch()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_swept_and_what_lives_is_not(tmp_path: Path) -> None:
    left = leave(tmp_path)
    assert left.is_dir()
    with temporary_folder(tmp_path) as living:
        assert not left.exists()
        again = leave(tmp_path)
        sweep(str(tmp_path))
        assert living.is_dir()
        assert not again.exists()
    assert list(tmp_path.iterdir()) == []


def open_to_others(left: Path) -> None:
    left.chmod(0o750)


def without_mark(left: Path) -> None:
    (left / MARK).unlink()


def of_another_machine(left: Path) -> None:
    (left / MARK).write_text("another")


def mark_is_a_link(left: Path) -> None:
    (left / MARK).rename(left.parent / "elsewhere")
    (left / MARK).symlink_to(left.parent / "elsewhere")


def mark_is_a_pipe(left: Path) -> None:
    (left / MARK).unlink()
    os.mkfifo(left / MARK, 0o600)


def of_another_name(left: Path) -> None:
    left.rename(left.with_name("flowcheck-results"))


@pytest.mark.parametrize(
    "change",
    [open_to_others, without_mark, of_another_machine, mark_is_a_link, mark_is_a_pipe, of_another_name],
)
def test_what_may_be_somebody_elses_stays(tmp_path: Path, change: object) -> None:
    left = leave(tmp_path)
    change(left)  # type: ignore[operator]
    sweep(str(tmp_path))
    assert any(path.is_dir() and (path / "sub" / "file").exists() for path in tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_what_is_of_another_user_stays(tmp_path: Path) -> None:
    left = leave(tmp_path)
    os.chown(left, 65534, 65534)
    sweep(str(tmp_path))
    assert (left / "sub" / "file").exists()


def test_no_link_is_followed(tmp_path: Path) -> None:
    left = leave(tmp_path / ".")
    precious = tmp_path / "precious"
    left.rename(precious)
    left.symlink_to(precious)
    sweep(str(tmp_path))
    assert (precious / "sub" / "file").exists()
    left.unlink()
    precious.rename(left)
    (tmp_path / "kept").touch()
    sweep(str(tmp_path))  # it holds a link to tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_runs_that_begin_together_leave_one_another_alone(tmp_path: Path) -> None:
    failures: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(40):
                with temporary_folder(tmp_path) as folder:
                    (folder / "a").write_text("x")
                    assert (folder / "a").read_text() == "x"
        except Exception as error:
            failures.append(error)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert list(tmp_path.iterdir()) == []
