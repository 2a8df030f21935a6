"""Folders as they are kept: packed files, rotated audit logs, and logs of other programs beside them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from flowcheck.errors import ManifestError
from flowcheck.manifests.files import paths
from flowcheck.model.cluster import Cluster
from flowcheck.model.timeline import END
from flowcheck.reading import load_cluster
from tests.history.test_audit_log import edge, entry
from tests.history.timed import Json, at, event, life, pod, policy, seen

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "xz": lzma.compress,
    "zst": lambda data: pa.Codec("zstd").compress(data, asbytes=True),
}
ROTATED = "audit-2026-03-10T10-05-00.000.log"
PLAIN = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
ZAP = '{"level": "info", "type": "Normal", "object": {"kind": "Pod", "apiVersion": "v1", "name": "a"}}\n'
"""An event as controllers log it: much like one of a watch."""


def lines(*things: Json) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in things).encode()


def policies(cluster: Cluster) -> list[tuple[str, object]]:
    return sorted((one.name, one.lifetime) for one in cluster.policies)


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[str, bytes], str]:
    """What is said of a file that is refused, without its folder."""

    def run(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ManifestError) as caught:
            load_cluster(tmp_path)
        (problem,) = caught.value.problems
        return str(problem).replace(f"{tmp_path}/", "")

    return run


@pytest.mark.parametrize("how", PACK)
@pytest.mark.parametrize("suffix", ["yaml", "json", "jsonl", "ndjson", "log"])
def test_a_packed_file_is_read_as_what_is_in_it(tmp_path: Path, suffix: str, how: str) -> None:
    text = PLAIN.encode() if suffix == "yaml" else lines(pod(), pod("q"))
    data = PACK[how](text)
    path = tmp_path / f"state-2026-03-10T10:00:00Z.{suffix}.{how.upper()}"
    path.write_bytes(data)
    for given in (path, tmp_path):
        cluster = load_cluster(given)
        assert seen(cluster)[0].lifetime.sure_end == at("10:00")
        assert cluster.inputs == {str(path): hashlib.sha256(data).hexdigest()}
        assert cluster.pods[-1].source.line == (1 if suffix == "yaml" else 2)


@pytest.mark.parametrize("how", PACK)
def test_what_is_packed_is_told_by_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """From standard input, under any name, and not where only the name says so; several in a row are one."""
    data = PACK[how](lines(pod()))
    (tmp_path / "dump").write_bytes(data + PACK[how](lines(pod("q"))))
    assert [one.name for one in load_cluster(tmp_path / "dump").pods] == ["p", "q"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert load_cluster("-").inputs == {"<stdin>": hashlib.sha256(data).hexdigest()}
    (tmp_path / f"a.yaml.{how}").write_text(PLAIN)
    assert len(load_cluster(tmp_path / f"a.yaml.{how}").pods) == 1


@pytest.mark.parametrize("how", PACK)
@pytest.mark.parametrize("left", [0, 1, 5, 12, 0.5, -1])
def test_a_file_that_ends_too_early_is_refused(
    refused: Callable[[str, bytes], str], how: str, left: float
) -> None:
    data = PACK[how](lines(*(pod(f"p-{number}") for number in range(50))))
    short = data[: int(left if left != 0.5 else left * len(data))]
    assert refused(f"audit.log.{how}", short) == (
        f"audit.log.{how}: is cut off: only its beginning is there (take it again when it is whole, or leave "
        "it out)"
    )


@pytest.mark.parametrize("how", PACK)
def test_a_damaged_file_is_refused(refused: Callable[[str, bytes], str], how: str) -> None:
    data = bytearray(PACK[how](lines(*(pod(f"p-{number}") for number in range(50)))))
    data[30:60] = bytes(30)
    said = refused(f"a.json.{how}", bytes(data))
    assert said.startswith(f"a.json.{how}: is packed by ")
    assert ", and damaged: " in said
    assert said.endswith("(unpack it by other means, or leave it out)")


@pytest.mark.parametrize("how", PACK)
def test_a_small_file_that_would_become_a_large_one_is_refused(
    refused: Callable[[str, bytes], str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(paths, "MAX_BYTES", 1 << 20)
    packed = PACK[how](b" " * (1 << 20) + lines(pod()))
    assert len(packed) < 5000
    assert "is larger than 1 MiB when it is unpacked (unpack it, and split it)" in refused(
        f"a.json.{how}", packed
    )


def test_entries_of_a_rotated_log_have_their_own_times(tmp_path: Path) -> None:
    """Its name tells when it was rotated, which dates nothing in it; nor does ``--at``."""
    (tmp_path / ROTATED).write_bytes(
        lines(entry("create", "10:00", policy(created="10:00")), entry("delete", "10:02", policy()))
    )
    (tmp_path / "audit.log").write_bytes(
        lines(entry("create", "10:10", policy("m", created="10:10")), entry("get", "10:11", policy()))
    )
    for options in ({}, {"at": at("12:00")}, {"at": "mtime"}):
        cluster = load_cluster(tmp_path, **options)
        assert policies(cluster) == [
            ("m", life(edge("10:10"), END, edge("10:10"), END)),
            ("n", life(edge("10:00"), edge("10:02"), edge("10:00"), edge("10:02"))),
        ]


@pytest.mark.parametrize("how", ["", *PACK])
def test_what_stands_in_two_files_happened_once(tmp_path: Path, how: str) -> None:
    """A log that is rotated is there twice for a while, and ``gzip -k`` keeps what it packs."""
    audit = lines(
        entry("create", "10:00", policy(created="10:00", uid="u")),
        entry("patch", "10:05", policy(port=81, created="10:00", uid="u")),
        entry("create", "10:06", pod(started="10:06")),
        entry("delete", "10:10", policy(port=81, created="10:00", uid="u")),
    )
    watch = lines(event("ADDED", pod("w"), "10:00"), event("DELETED", pod("w"), "10:20"))
    (tmp_path / "audit.log").write_bytes(audit)
    (tmp_path / "watch.jsonl").write_bytes(watch)
    once = load_cluster(tmp_path)
    pack = PACK.get(how, bytes)
    (tmp_path / f"{ROTATED}{how and '.'}{how}").write_bytes(pack(audit))
    (tmp_path / f"watch-1.jsonl{how and '.'}{how}").write_bytes(pack(watch))
    twice = load_cluster(tmp_path)
    assert policies(twice) == policies(once)
    assert [(one.name, one.lifetime) for one in twice.pods] == [(one.name, one.lifetime) for one in once.pods]
    assert len(twice.warnings) == len(once.warnings)


def test_logs_of_other_programs_are_left_out_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "audit.log").write_bytes(lines(entry("create", "10:00", policy())))
    (tmp_path / "klog.log").write_text("I0310 10:00:00 kind: Pod\n")
    (tmp_path / "empty.log").write_text("")
    (tmp_path / "pipeline.log").write_text('{"kind": "Pod", "metadata": {"name": "a"}}\n')
    (tmp_path / "zap.log.gz").write_bytes(gzip.compress(ZAP.encode() * 1000))
    (tmp_path / "text.log").write_text("{a: b}\nkind: [\n")
    (tmp_path / "binary.log").write_bytes(b"{\0\xff\xfe\0")
    cluster = load_cluster(tmp_path)
    assert [one.name for one in cluster.policies] == ["n"]
    names = [Path(one.source.file).name for one in cluster.skipped]
    assert names == ["binary.log", "klog.log", "pipeline.log", "text.log", "zap.log.gz"]
    (warning,) = (one for one in cluster.warnings if one.startswith("left out"))
    assert warning.startswith("left out, as it holds no Kubernetes objects: ")
    assert warning.count(".log") == 5
    assert [Path(name).name for name in cluster.inputs] == ["audit.log", "empty.log"]


@pytest.mark.parametrize(
    "line", ['{"apiVersion": "audit.k8s.io/v1", "kind"', ' {"kind": 1, "apiVersion": x}']
)
def test_a_log_of_objects_that_begins_with_a_broken_line_is_not_lost(
    refused: Callable[[str, bytes], str], line: str
) -> None:
    said = refused("audit.log", line.encode() + b"\n" + lines(entry("create", "10:00", policy())))
    assert said.startswith("audit.log:")
    assert "the document is " in said


def test_after_a_broken_line_a_log_is_read_on(tmp_path: Path) -> None:
    broken = b'{"apiVersion": "audit.k8s.io/v1", "kind\n'
    log = broken + lines(entry("create", "10:00", policy()))
    (tmp_path / "audit.log").write_bytes(log)
    assert len(load_cluster(tmp_path, keep_going=True).policies) == 1


def test_a_watch_may_be_called_a_log(tmp_path: Path) -> None:
    (tmp_path / "watch.log").write_text("\n".join(json.dumps(event("ADDED", pod()), indent=4).splitlines()))
    assert len(load_cluster(tmp_path).pods) == 1


def test_files_that_are_no_manifests_by_their_names_are_named(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    kept = (
        "inventory.parquet",
        "pods.txt",
        "sub/Makefile",
        "sub/audit.log.bz2",
        "must-gather.tar.gz",
        "z.tmpl",
    )
    quiet = ("README", "README.md", "LICENSE-2.0", ".helmignore", ".audit.tar.gz")
    (tmp_path / "a.yaml").write_text(PLAIN)
    for name in (*kept, *quiet):
        (tmp_path / name).write_text("")
    cluster = load_cluster(tmp_path)
    (warning,) = cluster.warnings
    assert warning.replace(f"{tmp_path}/", "") == (
        "left out, not manifests by their names: inventory.parquet, must-gather.tar.gz, pods.txt, "
        "sub/Makefile, sub/audit.log.bz2 and 1 more"
    )
    assert cluster.skipped == ()


def test_a_folder_of_nothing_else_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "must-gather.tar.gz").write_text("")
    with pytest.raises(ManifestError, match="no YAML or JSON documents found") as caught:
        load_cluster(tmp_path)
    assert "left out, not manifests by their names: " in str(caught.value)
