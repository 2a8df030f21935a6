"""Which files count: hidden ones, those of a table's older versions and those in keyed folders."""

from __future__ import annotations

import os
import sys
from contextlib import chdir
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from flowcheck.errors import RunError
from flowcheck.flows.files.hive import keys_of
from flowcheck.flows.files.inputs import InputFile, list_inputs


def touch(base: Path, *names: str) -> Path:
    for name in names:
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).touch()
    return base


def state(found: list[InputFile], base: Path) -> dict[str, str]:
    """What became of each: read, skipped or failed."""
    return {
        str(Path(f.path).relative_to(base)): "failed" if f.failed else "skipped" if f.skipped else "read"
        for f in found
    }


HIDDEN = ("_temporary/0/a.parquet", ".ipynb_checkpoints/b.parquet", "x/.Trash-0/c.parquet", "x/_d.parquet")


def test_folders_may_lie_in_one_another_deeper_than_python_calls(tmp_path: Path) -> None:
    """They are taken apart again from the bottom, as what clears away after tests calls itself too."""
    depth = 1100
    with chdir(tmp_path):
        for _ in range(depth):
            os.mkdir("d")
            os.chdir("d")
        Path("a.parquet").touch()
        assert [Path(one.path).name for one in list_inputs([tmp_path])] == ["a.parquet"]
        os.unlink("a.parquet")
        for _ in range(depth):
            os.chdir("..")
            os.rmdir("d")


def test_what_is_hidden_below_the_named_folder_is_passed_over_and_listed(tmp_path: Path) -> None:
    base = touch(tmp_path / ".flows" / "_in", "a.parquet", "_day=2/b.parquet", *HIDDEN)
    assert state(list_inputs([base]), base) == {
        "a.parquet": "read",
        "_day=2/b.parquet": "read",
        "_temporary": "skipped",
        ".ipynb_checkpoints": "skipped",
        "x/.Trash-0": "skipped",
        "x/_d.parquet": "skipped",
    }


def test_a_glob_meets_no_more_than_the_folder_unless_it_says_so(tmp_path: Path) -> None:
    base = touch(tmp_path, "a.parquet", *HIDDEN)
    read = [f.path for f in list_inputs([f"{base}/**/*.parquet"]) if not f.skipped]
    assert read == [f"{base}/a.parquet"]
    spelt = [f.path for f in list_inputs([f"{base}/_temp*/*/*.parquet"]) if not f.skipped]
    assert spelt == [f"{base}/_temporary/0/a.parquet"]
    assert not list_inputs([base / "x" / "_d.parquet"])[0].skipped


def test_keys_are_those_of_the_whole_path_percent_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = touch(tmp_path, "action=2/observer=a%2Fb/protocol=__HIVE_DEFAULT_PARTITION__/f.parquet")
    expected = (("action", b"2"), ("observer", b"a/b"), ("protocol", None))
    file = next(base.rglob("*.parquet"))
    assert keys_of(str(file)) == expected
    monkeypatch.chdir(file.parent)
    assert [f.keys for f in list_inputs(["."])] == [f.keys for f in list_inputs([base])] == [expected]


@pytest.fixture
def delta(tmp_path: Path) -> Path:
    """A table written in two pieces and then overwritten, with a partition."""
    for mode in ("append", "append", "overwrite"):
        table = pa.table({"dst_port": [1, 2], "action": [1, 2], "observer": ["a b", None]})
        deltalake.write_deltalake(
            str(tmp_path / "delta"), table, mode=mode, partition_by=["action", "observer"]
        )
    return tmp_path / "delta"


def test_of_a_delta_table_only_its_newest_version_is_read(delta: Path) -> None:
    found = list_inputs([delta.parent])
    read = [f for f in found if not f.skipped]
    assert sorted(f.keys for f in read) == [
        (("action", b"1"), ("observer", b"a b")),
        (("action", b"2"), ("observer", None)),
    ]
    assert sum("newest version" in f.skipped for f in found) == 4
    assert not any(f.failed for f in found)


def test_a_glob_or_a_part_of_a_delta_table_counts_no_old_version_either(delta: Path) -> None:
    assert len([f for f in list_inputs([f"{delta}/**/*.parquet"]) if not f.skipped]) == 2
    assert len([f for f in list_inputs([delta / "action=1"]) if not f.skipped]) == 1
    gone = next(f.path for f in list_inputs([delta]) if "newest" in f.skipped)
    with pytest.raises(RunError, match="not in the newest version"):
        list_inputs([gone])


def test_a_file_that_the_newest_version_names_and_that_is_missing_has_failed(delta: Path) -> None:
    missing = next(f.path for f in list_inputs([delta]) if not f.skipped)
    Path(missing).unlink()
    assert [f.failed for f in list_inputs([delta]) if f.path == missing] == [True]


def test_without_deltalake_the_table_is_refused_by_name_and_the_rest_is_read(
    delta: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "deltalake", None)
    touch(delta.parent, "a.parquet")
    found = list_inputs([delta.parent])
    states = {"a.parquet": "read", "delta": "failed", "delta/_delta_log": "skipped"}
    assert state(found, delta.parent) == states
    assert "flowcheck[delta]" in next(f.skipped for f in found if f.failed)
    with pytest.raises(RunError, match="table of Delta"):
        list_inputs([delta])


def test_a_log_that_cannot_be_read_refuses_the_table(delta: Path) -> None:
    for log in (delta / "_delta_log").glob("*.json"):
        log.write_text("{")
    with pytest.raises(RunError, match="log cannot be read"):
        list_inputs([delta])


@pytest.mark.parametrize(
    ("mark", "kind"),
    [
        ("metadata/00001-0b1c5e0a-94f4-4f8e-9d5e-2f7f0a3c1b11.metadata.json", "Iceberg"),
        ("metadata/version-hint.text", "Iceberg"),
        (".hoodie/hoodie.properties", "Hudi"),
    ],
)
def test_tables_whose_log_is_not_read_are_refused_by_name(tmp_path: Path, mark: str, kind: str) -> None:
    base = touch(tmp_path, f"t/{mark}", "t/data/a.parquet", "b.parquet")
    states = state(list_inputs([base]), base)
    assert (states["t"], states["b.parquet"]) == ("failed", "read")
    assert not any(name.endswith("a.parquet") for name in states)
    with pytest.raises(RunError, match=f"table of {kind}.*write out"):
        list_inputs([base / "t" / "data" / "a.parquet"])


def test_other_metadata_makes_no_table(tmp_path: Path) -> None:
    base = touch(tmp_path, "metadata/notes.metadata.json", "a.parquet")
    assert state(list_inputs([base]), base)["a.parquet"] == "read"


def test_logs_in_a_folder_are_known_by_their_names_rotated_and_packed_ones_too(tmp_path: Path) -> None:
    logs = (
        "a.jsonl",
        "b.log",
        "b.log.1",
        "b.log.2.gz",
        "c-20260310.json.zst",
        "d.log-20260310.gz",
        "e.csv",
        "f.tsv",
    )
    others = ("g.txt", "h.yaml", "i.log.bak", "README", "j.jsonl.sha256")
    for name in (*logs, *others, "k.parquet"):
        (tmp_path / name).write_text("x")

    def read(format_: str) -> set[str]:
        return {Path(f.path).name for f in list_inputs([tmp_path], format_) if not f.skipped}

    assert read("auto") == {*logs, "k.parquet"}
    assert read("hubble") == {*logs, "g.txt", "k.parquet"}
    assert read("canonical") == {"k.parquet"}
    assert [f.skipped for f in list_inputs([tmp_path / "g.txt"])] == [""]
