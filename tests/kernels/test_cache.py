"""The cache of compiled kernels makes things faster, or is not used; it never runs what is not ours."""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from flowcheck.kernels.cached import cache as kernel_cache
from flowcheck.kernels.cached import folder

ROOT = Path(__file__).parents[2]
PROGRAM = """
from flowcheck.kernels import hashing
print(hashing.mix_three(0, 0, 0), sum(hashing.mix_three.stats.cache_hits.values()))
"""
INTERRUPTED_WHILE_LOADING = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored, as a shell's & has it
from numba.core.codegen import CPUCodeLibrary

fetch = CPUCodeLibrary._object_getbuffer_hook.__func__

def interrupted(library, module):
    os.kill(os.getpid(), signal.SIGINT)
    return fetch(library, module)

CPUCodeLibrary._object_getbuffer_hook = classmethod(interrupted)
from flowcheck.kernels import hashing

try:
    hashing.mix_three(0, 0, 0)
except KeyboardInterrupt:
    print("interrupted")
"""
JIT = pytest.mark.skipif(bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="nothing is compiled")


PACKAGE = ROOT / "flowcheck"
SOURCES = sorted(
    path.relative_to(PACKAGE) for path in [PACKAGE / "arrays.py", *PACKAGE.glob("kernels/**/*.py")]
)


def environment(cache: Path, **more: str) -> dict[str, str]:
    """That of this process, but for settings of flowcheck's."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("FLOWCHECK_")}
    return {**own, "PYTHONPATH": str(ROOT), "FLOWCHECK_CACHE_DIR": str(cache), **more}


def run(cache: Path, program: str = PROGRAM, **more: str) -> subprocess.CompletedProcess[str]:
    """Call one kernel in a new process: prints its result and how often the cache had it."""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=cache.parent,
        env=environment(cache, **more),
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@JIT
def test_a_second_process_finds_the_kernel_in_the_cache(cache: Path) -> None:
    assert run(cache).stdout == "0 0\n"
    assert run(cache).stdout == "0 1\n"
    assert cache.stat().st_mode & 0o777 == 0o700


READ_ONLY = (
    'mount --make-rprivate / && mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
)
"""Of a command's first argument, a folder; what comes after it is run."""


def read_only(folder: Path, *command: str) -> list[str]:
    """A command for which a folder is read-only, as with an image; skips where this may not be done."""
    words = ["unshare", "-m", "sh", "-c", READ_ONLY, "sh", str(folder)]
    if shutil.which("unshare") is None or subprocess.run([*words, "true"], capture_output=True).returncode:
        pytest.skip("needs to be allowed to mount")
    return [*words, *command]


@JIT
def test_a_cache_that_is_read_only_is_read(cache: Path) -> None:
    run(cache)
    other = "from flowcheck.kernels import hashing\nprint(hashing.mix_three(0, 0, 0.0 > 1), 'done')\n"
    for program, out, said in (
        (PROGRAM, "0 1\n", ""),
        (other, "0 done\n", "which is read-only, does not hold"),
    ):
        command = read_only(cache, sys.executable, "-c", program)
        done = subprocess.run(command, env=environment(cache), capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, out), done.stderr
        assert said in done.stderr if said else not done.stderr


@JIT
def test_a_damaged_entry_is_compiled_afresh(cache: Path) -> None:
    run(cache)
    (entry,) = cache.glob("*mix_three*.kernel")
    content = bytearray(entry.read_bytes())
    content[len(content) // 2] ^= 1
    entry.write_bytes(content)
    done = run(cache)
    assert done.stdout == "0 0\n"
    assert "damaged" in done.stderr
    assert run(cache).stdout == "0 1\n"


@JIT
def test_an_entry_of_older_source_is_no_damage_and_removed(cache: Path) -> None:
    run(cache)
    (entry,) = cache.glob("*mix_three*.kernel")
    function, stamp, *rest = entry.name.rsplit(".", 3)
    assert len(stamp) == 16
    older = entry.rename(entry.with_name(".".join((function, stamp[::-1], *rest))))
    done = run(cache)
    assert (done.stdout, done.stderr) == ("0 0\n", "")
    assert not older.exists()
    assert run(cache).stdout == "0 1\n"


@JIT
def test_an_entry_that_says_something_else_is_compiled_afresh(cache: Path) -> None:
    """Whole, by its checksum, but of a type that no record can say."""
    run(cache)
    (entry,) = cache.glob("*mix_three*.kernel")
    told = msgspec.msgpack.decode(entry.read_bytes()[32:])
    told["returned"] = "pyobject"
    body = msgspec.msgpack.encode(told)
    entry.write_bytes(hashlib.sha256(body).digest() + body)
    done = run(cache)
    assert done.stdout == "0 0\n"
    assert "damaged" in done.stderr
    assert run(cache).stdout == "0 1\n"


@JIT
def test_a_pickle_is_not_loaded(cache: Path, tmp_path: Path) -> None:
    """Loading one that says so would make a folder."""
    run(cache)
    proof = tmp_path / "loaded"
    for entry in cache.glob("*.kernel"):
        entry.write_bytes(f"cos\nmkdir\n(V{proof}\ntR.".encode())
    assert run(cache).stdout == "0 0\n"
    assert not proof.exists()


@JIT
@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_an_entry_others_may_write_to_is_not_loaded(cache: Path, mode: int) -> None:
    run(cache)
    for entry in cache.glob("*.kernel"):
        entry.chmod(mode)
    done = run(cache)
    assert done.stdout == "0 0\n"
    assert "compiled afresh" in done.stderr
    assert run(cache).stdout == "0 1\n"
    assert {entry.stat().st_mode & 0o777 for entry in cache.iterdir()} == {0o600}


@JIT
def test_a_link_to_an_entry_is_not_loaded(cache: Path, tmp_path: Path) -> None:
    run(cache)
    for entry in cache.glob("*.kernel"):
        entry.rename(tmp_path / entry.name)
        entry.symlink_to(tmp_path / entry.name)
    assert run(cache).stdout == "0 0\n"


@JIT
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_an_entry_of_another_user_is_not_loaded(cache: Path) -> None:
    run(cache)
    for entry in cache.glob("*.kernel"):
        os.chown(entry, 65534, 65534)
    assert run(cache).stdout == "0 0\n"


@JIT
def test_an_empty_entry_is_compiled_afresh(cache: Path) -> None:
    run(cache)
    for entry in cache.iterdir():
        entry.write_bytes(b"")
    assert run(cache).stdout == "0 0\n"


@JIT
def test_a_signal_while_a_kernel_is_loaded_waits_until_it_is_there(cache: Path) -> None:
    run(cache)
    assert run(cache, INTERRUPTED_WHILE_LOADING).stdout == "interrupted\n"


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_others_may_write_to_is_refused(
    cache: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    cache.mkdir()
    cache.chmod(mode)
    monkeypatch.delenv("FLOWCHECK_NO_CACHE", raising=False)
    monkeypatch.setenv("FLOWCHECK_CACHE_DIR", str(cache))
    with pytest.warns(UserWarning, match="only you can write to"):
        assert folder.cache_directory() is None


def test_a_link_to_a_folder_is_refused(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    cache.symlink_to(tmp_path / "elsewhere")
    monkeypatch.delenv("FLOWCHECK_NO_CACHE", raising=False)
    monkeypatch.setenv("FLOWCHECK_CACHE_DIR", str(cache))
    with pytest.warns(UserWarning, match="only you can write to"):
        assert folder.cache_directory() is None


def test_a_file_in_the_folders_place_is_no_error(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.write_text("")
    monkeypatch.delenv("FLOWCHECK_NO_CACHE", raising=False)
    monkeypatch.setenv("FLOWCHECK_CACHE_DIR", str(cache))
    with pytest.warns(UserWarning, match="no kernel cache"):
        assert folder.cache_directory() is None


def test_the_cache_can_be_turned_off(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWCHECK_CACHE_DIR", str(cache))
    monkeypatch.setenv("FLOWCHECK_NO_CACHE", "1")
    assert folder.cache_directory() is None
    assert not cache.exists()


def test_numbas_own_cache_folder_is_not_used(cache: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    run(cache, NUMBA_CACHE_DIR=str(shared)) if not os.environ.get("NUMBA_DISABLE_JIT") else None
    assert not shared.exists()


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = tmp_path_factory.mktemp("copied") / "flowcheck"
    for source in SOURCES:
        (package / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PACKAGE / source, package / source)
    return package


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_a_change_to_any_source_makes_all_entries_stale(
    copied: Path, monkeypatch: pytest.MonkeyPatch, source: Path
) -> None:
    """Kernels inline one another, and freeze what stands in arrays.py."""
    monkeypatch.setattr(kernel_cache, "PACKAGE", copied)
    before = kernel_cache.source_stamp.__wrapped__()
    with (copied / source).open("a") as file:
        file.write("# changed\n")
    assert kernel_cache.source_stamp.__wrapped__() != before


def test_kernels_are_made_from_these_sources_only() -> None:
    imported = {
        node.module if node.module != "flowcheck" else f"flowcheck.{alias.name}"
        for source in SOURCES
        for node in ast.walk(ast.parse((PACKAGE / source).read_bytes()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("flowcheck")
        for alias in node.names
    }
    names = {".".join(("flowcheck", *source.with_suffix("").parts)) for source in SOURCES}
    folders = ("", ".cached", ".chance", ".logs", ".parquet", ".without")
    packages = {f"flowcheck.kernels{part}" for part in folders}
    no_part_of_them = {"flowcheck.version", "flowcheck.signals"}
    assert imported - names <= packages | no_part_of_them


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_may_write_to_is_not_opened(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(0o700)
    entry = tmp_path / "entry"
    entry.write_bytes(b"kernel")
    with folder.open_own(entry) as file:
        assert file.read() == b"kernel"
    entry.chmod(mode)
    with pytest.raises(ValueError, match="not only this user's"):
        folder.open_own(entry)


def test_nor_one_in_a_folder_that_they_may_write_to(tmp_path: Path) -> None:
    (tmp_path / "entry").write_bytes(b"kernel")
    tmp_path.chmod(0o770)
    with pytest.raises(ValueError, match="not only this user's"):
        folder.open_own(tmp_path / "entry")


def test_nor_a_link_or_what_is_no_file(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "entry").write_bytes(b"kernel")
    (tmp_path / "link").symlink_to("entry")
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "fifo", "gone"):
        with pytest.raises((OSError, ValueError), match=r"Too many levels|not only this user's|No such file"):
            folder.open_own(tmp_path / name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_nor_one_of_another_user(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    entry = tmp_path / "entry"
    entry.write_bytes(b"kernel")
    os.chown(entry, 65534, 65534)
    with pytest.raises(ValueError, match="not only this user's"):
        folder.open_own(entry)
