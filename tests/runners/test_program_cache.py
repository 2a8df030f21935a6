"""A cluster that was audited before: the same results at once, and anything odd is made anew."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from flowcheck import version
from flowcheck.errors import RunError
from flowcheck.kernels.cached.folder import safe_directory
from flowcheck.model.cluster import Cluster
from flowcheck.reading import load_cluster
from flowcheck.results.audit import AuditResult
from flowcheck.runners import local
from flowcheck.runners.comparing.run import run_diff
from flowcheck.runners.program import kept, source
from flowcheck.runners.program.source import ClusterSource
from flowcheck.runners.program.stored import Stored, write_sections
from flowcheck.runners.request import AuditRequest
from tests.runners.worlds import ALLOWED, DENIED, write_cluster, write_flows


class Audits:
    """One cluster and log under a folder; counts how often a cluster was read."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        self.cluster = write_cluster(folder / "cluster")
        self.flows = write_flows(folder / "flows.parquet", [ALLOWED, DENIED])
        self.loads = 0
        self.before_it_is_read: Callable[[], object] = lambda: None
        monkeypatch.setattr(kept, "cache_directory", self._safe)
        monkeypatch.setattr(local, "WORTH_KEEPING", -1.0)

    def _safe(self) -> Path | None:
        """The cache's folder, under the guard that it has; kernels stay where they are."""
        return safe_directory(self.cache)

    def _load(self, *args: object, **options: object) -> Cluster:
        self.loads += 1
        self.before_it_is_read()
        return load_cluster(*args, **options)  # type: ignore[arg-type]

    def run(self, name: str = "out", request: AuditRequest | None = None, **how: object) -> AuditResult:
        asked = request or AuditRequest(out=self.folder / name)
        return local.run_audit([self.flows], ClusterSource((self.cluster,), self._load, **how), asked)  # type: ignore[arg-type]

    def entries(self) -> list[Path]:
        return sorted((self.cache / kept.FOLDER).glob("*"))


@pytest.fixture
def audits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Audits:
    return Audits(tmp_path, monkeypatch)


def test_the_second_audit_of_a_cluster_reads_it_not_and_says_the_same(audits: Audits) -> None:
    first, second = audits.run("one"), audits.run("two")
    assert audits.loads == 1
    assert first.summary.violations.records == second.summary.violations.records == 1
    for name in ("findings.json", "edges.parquet", "violations.parquet", "ledger.json", "load.parquet"):
        assert (audits.folder / "one" / name).read_bytes() == (audits.folder / "two" / name).read_bytes()
    assert first.summary.program == second.summary.program
    assert first.summary.cluster == second.summary.cluster


def test_a_comparison_knows_the_cluster_that_was_audited(audits: Audits) -> None:
    """And its new side, once that was compared; what it says is the same."""
    audits.run()
    new = write_cluster(audits.folder / "new") / "policy.yaml"
    new.write_text(new.read_text().replace("5432", str(DENIED)))
    sides = (
        ClusterSource((audits.cluster,), audits._load),
        ClusterSource((audits.cluster,), audits._load, policies=(new,), replace_policies=True),
    )
    found = [run_diff([audits.flows], *sides, AuditRequest()) for _ in range(4)]
    assert audits.loads == 2
    assert {tuple(one.kind for one in each.changes) for each in found} == {
        ("would_be_stopped", "allowed_now")
    }
    assert len({each.changes for each in found}) == 1


def test_a_changed_manifest_a_new_file_and_other_options_are_read_anew(audits: Audits) -> None:
    audits.run()
    manifest = next(path for path in audits.cluster.rglob("*") if path.is_file())
    manifest.write_bytes(manifest.read_bytes() + b"\n")
    audits.run()
    (audits.cluster / "more.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: more}\n")
    audits.run()
    audits.run(keep_going=True)
    assert audits.loads == 4
    audits.run(keep_going=True)
    assert audits.loads == 4


def test_another_flowcheck_reads_the_cluster_anew(
    audits: Audits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of its files is another: any may have to do with what is read and compiled."""
    copied = tmp_path / "flowcheck"
    for file in ("reading/__init__.py", "compile/build.py", "model/labels.py"):
        (copied / file).parent.mkdir(parents=True, exist_ok=True)
        (copied / file).write_bytes((version.PACKAGE / file).read_bytes())
    monkeypatch.setattr(source, "PACKAGE", copied)
    keys = []
    for file in ("", "reading/__init__.py", "compile/build.py", "model/labels.py"):
        if file:
            (copied / file).write_text("changed")
        source._code.cache_clear()
        identity = ClusterSource((audits.cluster,), load_cluster).identity()
        assert identity is not None
        keys.append(identity.digest)
    source._code.cache_clear()
    assert len(set(keys)) == len(keys)


def test_a_damaged_entry_is_made_anew(audits: Audits) -> None:
    audits.run()
    (entry,) = audits.entries()
    content = bytearray(entry.read_bytes())
    content[-1] ^= 1
    entry.write_bytes(content)
    with pytest.warns(UserWarning, match="damaged entry"):
        audits.run()
    assert audits.loads == 2
    audits.run()
    assert audits.loads == 2


@pytest.mark.parametrize("content", [b"", b"short", b"\0" * 100])
def test_an_entry_that_is_none_is_made_anew(audits: Audits, content: bytes) -> None:
    audits.run()
    audits.entries()[0].write_bytes(content)
    with pytest.warns(UserWarning, match="damaged entry"):
        audits.run()
    assert audits.loads == 2


def test_a_cluster_that_is_written_to_while_it_is_read_is_not_kept(audits: Audits) -> None:
    """Or the next audit of what stood there before would be judged by what came after."""
    manifest = next(path for path in audits.cluster.rglob("*") if path.is_file())
    content = manifest.read_bytes()
    audits.before_it_is_read = lambda: manifest.write_bytes(content + b"\n")
    audits.run()
    assert audits.entries() == []
    audits.before_it_is_read = lambda: None
    audits.run()
    assert len(audits.entries()) == 1


def test_without_the_cache_nothing_is_kept(audits: Audits) -> None:
    audits.run(request=AuditRequest(cache=False))
    assert audits.entries() == []


def test_a_folder_that_others_can_write_to_is_not_used(audits: Audits) -> None:
    audits.run()
    audits.cache.chmod(0o777)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        audits.run()
    assert audits.loads == 2


def test_a_small_cluster_is_not_worth_keeping(audits: Audits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "WORTH_KEEPING", 60.0)
    audits.run()
    assert audits.entries() == []


def test_what_is_asked_of_a_cluster_is_asked_of_a_known_one_too(audits: Audits) -> None:
    def refuse(_cluster: Cluster) -> None:
        raise RunError("not this one")

    audits.run()
    with pytest.raises(RunError, match="not this one"):
        audits.run(inspect=refuse)
    assert audits.loads == 1


def test_the_entries_used_longest_ago_go_first(tmp_path: Path) -> None:
    for number in range(kept.MOST_KEPT + 2):
        kept.keep(tmp_path / str(number), {"facts": number})
        if number < kept.MOST_KEPT:
            assert kept.find(tmp_path / "0") is not None
    assert len(list(tmp_path.iterdir())) == kept.MOST_KEPT


def test_arrays_are_mapped_and_what_is_written_to_them_stays_in_the_process() -> None:
    with tempfile.TemporaryFile() as file:
        write_sections(file, {"numbers": np.arange(1000), "words": ["a", "b"]})
        one, other = Stored(file.fileno(), check=True), Stored(file.fileno(), check=True)
    numbers = one.load("numbers")
    numbers[0] = 7
    assert one.load("words") == ["a", "b"]
    assert other.load("numbers")[0] == 0
    assert not numbers.flags.owndata
