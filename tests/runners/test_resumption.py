"""What a run that was killed has left, and where the next one writes: other people's folders, a full disk."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowcheck.api import audit
from flowcheck.errors import OutputError, RunError
from flowcheck.runners.verifying.verify import verify
from flowcheck.runners.workspace import FOLDER, LOCK, Workspace, is_ours_alone
from tests.cli.run import flowcheck
from tests.runners.disturbed import command, many, start, wait_for
from tests.runners.worlds import OUTPUTS, ledger, outputs, write, write_cluster

pytestmark = pytest.mark.usefixtures("forked_workers")


@pytest.fixture(scope="module")
def killed(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run left that was killed when some files were done."""
    out = tmp_path_factory.mktemp("killed") / "out"
    run = start(world, out)
    wait_for(lambda: bool(list(out.glob(f"{FOLDER}/*.done"))))
    run.kill()
    run.wait()
    return out


@pytest.fixture
def interrupted(killed: Path, tmp_path: Path) -> Path:
    """The same, to go on with."""
    return Path(shutil.copytree(killed, tmp_path / "out"))


def test_only_the_same_run_can_be_resumed_and_what_it_left_stays(world: Path, interrupted: Path) -> None:
    parts = sorted((interrupted / FOLDER).glob("*.done"))
    changed = write_cluster(interrupted.parent / "changed")
    policy = changed / "policy.yaml"
    policy.write_text(policy.read_text().replace("5432", "5433"))
    other = ["audit", str(world / "flows"), "--cluster", str(changed), "-o", str(interrupted), "--resume"]
    done = flowcheck(*other)
    assert done.returncode == 2
    assert "other flows, policies or options" in done.stderr
    policy.write_text("kind: [")
    assert flowcheck(*other).returncode == 2
    assert sorted((interrupted / FOLDER).glob("*.done")) == parts
    assert flowcheck(*command(world, interrupted, "--resume")[3:]).returncode == 1
    assert outputs(interrupted) == outputs(world / "expected")
    assert ledger(interrupted) == ledger(world / "expected")
    assert verify(interrupted, inputs=True).differences == ()


@pytest.mark.parametrize("torn", [".part", ".violations", ".done"])
def test_a_torn_part_is_made_again(world: Path, interrupted: Path, torn: str) -> None:
    """A power cut can leave a name without its content."""
    for path in (interrupted / FOLDER).glob(f"*{torn}"):
        path.write_bytes(path.read_bytes()[:-1])
    assert flowcheck(*command(world, interrupted, "--resume")[3:]).returncode == 1
    assert outputs(interrupted) == outputs(world / "expected")


def test_one_output_folder_takes_one_run_at_a_time(world: Path, tmp_path: Path) -> None:
    with Workspace(tmp_path / "out"):
        done = flowcheck(*command(world, tmp_path / "out")[3:])
    assert done.returncode == 2
    assert f"locked by pid {os.getpid()}" in done.stderr


def test_a_work_folder_of_somebody_else_is_not_trusted(world: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / FOLDER).mkdir(parents=True)
    (tmp_path / "out" / FOLDER).chmod(0o777)
    with pytest.raises(OutputError, match="others can write"):
        audit(world / "flows", world / "cluster", out=tmp_path / "out")


def test_where_others_may_write_no_run_works(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They could put parts in the place of its parts, or take what workers are given."""
    out, seen = tmp_path / "out", set[str]()
    begin = Workspace.begin

    def looked_at(self: Workspace, *given: Any) -> None:
        begin(self, *given)
        seen.update(entry.name for entry in out.iterdir())
        assert self.folder.parent != out
        assert is_ours_alone(self.folder)

    monkeypatch.setattr(Workspace, "begin", looked_at)
    out.mkdir()
    out.chmod(0o777)
    assert audit(world / "flows", world / "cluster", out=out).summary.complete
    assert seen == {LOCK}
    assert (out / "summary.json").exists()
    with pytest.raises(RunError, match="others may write"):
        audit(world / "flows", world / "cluster", out=out, resume=True)
    audit(world / "flows", world / "cluster", out=tmp_path / "own")
    assert outputs(out) == outputs(tmp_path / "own")


def test_results_reach_another_file_system(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where others may write to the output folder, and temporary files are on a disk of their own."""
    out, replace = tmp_path / "out", os.replace

    def within_a_folder(source: Path, target: Path) -> None:
        if Path(source).parent != Path(target).parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        replace(source, target)

    monkeypatch.setattr(os, "replace", within_a_folder)
    out.mkdir()
    out.chmod(0o777)
    (out / "summary.json").write_text("of before")
    audit(world / "flows", world / "cluster", out=out)
    monkeypatch.undo()
    audit(world / "flows", world / "cluster", out=tmp_path / "own")
    assert outputs(out) == outputs(tmp_path / "own")
    assert {path.name for path in out.iterdir()} == {path.name for path in (tmp_path / "own").iterdir()}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting is not permitted here")
    yield place
    lazily = ["umount", "--lazy", str(place)]  # a forked worker's end is heard of before its files are closed
    subprocess.run(lazily, check=True)


def test_a_full_disk_leaves_the_last_results(small_disk: Path, tmp_path: Path, cluster: Path) -> None:
    """Whichever write it is that fails: a part, its record, a result."""
    file, out = tmp_path / "f.parquet", small_disk / "out"
    write(file, many(4000, 1))
    audit(file, cluster, out=out)
    results = [(out / name).read_bytes() for name in (*OUTPUTS, "summary.json", "ledger.json")]
    before, needed = outputs(out), sum(map(len, results)) >> 10
    failed = 0
    for free_kib in (0, 4, needed // 4, needed // 2, needed, needed + 40, needed + 80, needed + 120):
        write(file, many(4000, free_kib + 2))
        status = os.statvfs(small_disk)
        (small_disk / "fill").write_bytes(bytes(max(0, status.f_bavail * status.f_bsize - (free_kib << 10))))
        with contextlib.suppress(OutputError):
            audit(file, cluster, out=out, jobs=1)
            before = outputs(out)
            failed -= 1
        failed += 1
        assert outputs(out) == before
        (small_disk / "fill").unlink()
    assert failed >= 3
    audit(file, cluster, out=out)


def test_an_output_that_cannot_be_written_is_4(small_disk: Path, tmp_path: Path, cluster: Path) -> None:
    file = write(tmp_path / "f.parquet", many(20_000, 1))
    (small_disk / "fill").write_bytes(bytes(1000 << 10))
    done = flowcheck("audit", file, "--cluster", cluster, "-o", small_disk / "out")
    assert done.returncode == 4
    assert "No space left on device" in done.stderr
