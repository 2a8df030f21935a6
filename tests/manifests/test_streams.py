"""Files become documents in order, with their lines; broken ones do not take others with them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from flowcheck.errors import ManifestError
from flowcheck.history.sources import read_documents
from flowcheck.manifests.journal import Journal
from flowcheck.reading import load_cluster

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\n"
Problems = Callable[..., list[str]]


def read(path: Path) -> tuple[list[tuple[str, str, int]], Journal]:
    journal = Journal()
    found = [(d.kind, d.name, d.source.line) for d, _, _ in read_documents([path], journal)]
    return found, journal


def test_a_yaml_stream_is_read_in_order_with_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"# head\n---\n{POD % 'a'}---\n---\n{POD % 'b'}")
    assert read(path)[0] == [("Pod", "a", 3), ("Pod", "b", 8)]


def test_bom_and_crlf_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + f"{POD % 'a'}---\n{POD % 'b'}".replace("\n", "\r\n").encode())
    assert read(path)[0] == [("Pod", "a", 1), ("Pod", "b", 5)]


def test_a_broken_document_does_not_lose_the_others(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"{POD % 'a'}---\nkind: [unclosed\n---\n{POD % 'b'}")
    found, journal = read(path)
    assert found == [("Pod", "a", 1), ("Pod", "b", 7)]
    (problem,) = journal.problems
    assert problem.where == f"{path}:5"


def test_items_of_json_lists_have_their_line(tmp_path: Path) -> None:
    pod = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "%s"}}'
    path = tmp_path / "a.json"
    path.write_text(
        '{"kind": "List", "apiVersion": "v1", "items": [\n'
        f'{{"items": [\n{pod % "a"},\n\n{pod % "b"}], "kind": "List", "apiVersion": "v1"}},\n{pod % "c"}]}}\n'
    )
    assert read(path)[0] == [("Pod", "a", 3), ("Pod", "b", 5), ("Pod", "c", 6)]


def test_items_of_a_typed_list_need_no_kind(tmp_path: Path) -> None:
    for name, text in (
        ("a.json", '{"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "a"}}]}'),
        ("b.yaml", "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n"),
    ):
        path = tmp_path / name
        path.write_text(text)
        assert [kind for kind, _, _ in read(path)[0]] == ["Pod"]


def test_json_values_may_follow_one_another(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    one = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "%s"}}'
    path.write_text(f"{one % 'a'}\n{one % 'b'}\n")
    assert read(path)[0] == [("Pod", "a", 1), ("Pod", "b", 2)]


def test_json_is_recognised_without_its_suffix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = b'{"apiVersion": "v1", "kind": "NodeList", "items": [{"metadata": {"name": "n"}}]}'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    cluster = load_cluster(["-"])
    assert [node.name for node in cluster.nodes] == ["n"]
    assert str(cluster.nodes[0].source) == "<stdin>:1"
    assert list(cluster.inputs) == ["<stdin>"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", '{"kind": "Pod",\n "kind": "Node"}', "a.json:2: the document has the key `kind` twice"),
        ("a.json", '{"kind": "Pod",\n}', "a.json:2: the document is malformed: trailing comma in object"),
        (
            "a.json",
            '1e999\n"kind": "Pod", "apiVersion": "v1"',
            "a.json:1: the document has a number out of range",
        ),
        ("a.json", "[1]", "a.json:1: not a Kubernetes object but a list"),
        ("a.json", '[{"kind": "Pod", "apiVersion": "v1"}]', "write kind: List, and these below items:"),
        ("a.yaml", "- a: b\n- kind: Pod\n  apiVersion: v1\n", "write kind: List, and these below items:"),
        ("a.json", '{"apiVersion": "v1", "kind": "List", "items": [null]}', "is not a Kubernetes object"),
        ("a.json", '{"apiVersion": "v1", "kind": "List", "items": {"a": 1}}', "whose items are not a list"),
        ("a.yaml", "kind: List\napiVersion: v1\nitems: [null]\n", "a.yaml:3: is not a Kubernetes object"),
        ("a.yaml", "- a\n", "a.yaml:1: not a Kubernetes object but a list"),
        ("a.yaml", "hello\n", "a.yaml:1: not a Kubernetes object but text"),
        ("a.yaml", "metadata: {name: a}\n", "has no kind"),
        ("a.yaml", "kind: Pod\nmetadata: {name: a}\n", "has no apiVersion"),
        ("a.yaml", POD % "no", "a.yaml:3 metadata.name: Pod: `no` is a truth value"),
        ("a.yaml", POD % "7", "must be text, is a number (put it in quotes)"),
        ("a.yaml", POD % "../x", "is not a name"),
        (
            "a.yaml",
            "apiVersion: v1\nkind: 7\nmetadata: {name: a}\n",
            "a.yaml:2 kind: a: must be text, is a number",
        ),
        (
            "a.json",
            '{"apiVersion": [], "kind": "Pod",\n"spec": {}}',
            "apiVersion: Pod: must be text, is a list",
        ),
        (
            "a.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: a\n",
            "a.yaml:3 metadata: Pod: must be a mapping, is text",
        ),
        (
            "a.json",
            '{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": [], "spec": {}}',
            "metadata: NetworkPolicy: must be a mapping, is a list",
        ),
        ("a.json", '{"kind": "Pod",\n"apiVersion"', "a.json:2: the document ends too early (it is cut off"),
        (
            "a.json",
            b'{"kind": "Pod", "apiVersion": "v1",\n"a": "\xff"}',
            "a.json:2: the document is not UTF-8",
        ),
        ("a.yaml", POD % '"\\e]0;x"', "is not a name"),
        ("a.yaml", "apiVersion: v1\nkind: Pod\n", "Pod: has no metadata.name"),
        ("a.yaml", (POD % "caf\xe9").encode("latin-1"), "a.yaml:3: is not UTF-8"),
        ("a.yaml", b"\xff\xfea\x00\x00", "is not UTF-16"),
        ("a.yaml", b"\xff\xfe" + "kind: a".encode("utf-16-le") + b"\x00", "is not UTF-16"),
        ("a.yaml", "", "no YAML or JSON documents found"),
        ("a.yaml", "# nothing\n---\n...\n", "no YAML or JSON documents found"),
        ("a.yaml", "apiVersion: networking.k8s.io/v1\nkind: networkpolicy\n", "kind: NetworkPolicy"),
        (
            "a.yaml",
            "apiVersion: networking.k8.io/v1\nkind: NetworkPolicy\n",
            "apiVersion: networking.k8s.io/v1",
        ),
        (
            "a.yaml",
            "apiVersion: networking.k8s.io\nkind: NetworkPolicy\n",
            "apiVersion: networking.k8s.io/v1",
        ),
        ("a.yaml", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolcy\n", "did you mean NetworkPolicy"),
        ("a.yaml", "apiVersion: v1\nkind: NetworkPolicy\n", "there is no such kind in v1"),
    ],
)
def test_what_is_no_object_is_refused(problems: Problems, name: str, text: str | bytes, message: str) -> None:
    assert message in problems(text, name)[0]


def test_nested_lists_end(problems: Problems) -> None:
    text = '{"apiVersion":"v1","kind":"List","items":[' * 30 + "]}" * 30
    assert "List whose items" in problems(text, "a.json")[0]


def test_a_folder_is_read_in_sorted_order_each_file_once(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.yaml", "a.yml", "sub/c.json", "notes.txt", ".hidden.yaml"):
        stem = Path(name).stem.strip(".")
        (tmp_path / name).write_text(
            json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": stem}})
        )
    (tmp_path / "z.yaml").symlink_to(tmp_path / "b.yaml")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "fifo.yaml")
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere.yaml")
    cluster = load_cluster(tmp_path, keep_going=True)
    assert [pod.name for pod in cluster.pods] == ["a", "b", "c"]
    reasons = {Path(one.source.file).name: one.reason for one in cluster.skipped}
    assert reasons["fifo.yaml"] == "it is a pipe, not a regular file"
    assert reasons[".hidden.yaml"] == "hidden file"
    assert reasons["z.yaml"].startswith("the same file")
    assert reasons["loop"].startswith("the same file or folder")
    assert reasons["gone.yaml"].startswith("refused: cannot be read")
    assert any("fifo.yaml" in warning for warning in cluster.warnings)


def test_links_in_a_circle_are_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to(tmp_path / "b.yaml")
    (tmp_path / "b.yaml").symlink_to(tmp_path / "a.yaml")
    (tmp_path / "other").symlink_to(tmp_path / "other")
    with pytest.raises(ManifestError) as caught:
        load_cluster(tmp_path)
    assert [one.where for one in caught.value.problems] == [
        str(tmp_path / name) for name in ("a.yaml", "b.yaml")
    ]
    assert "cannot be read: Too many levels of symbolic links" in str(caught.value)


def test_named_inputs_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(ManifestError) as caught:
        load_cluster([tmp_path / "fifo", "/dev/null", tmp_path / "absent.yaml"])
    fifo, device, absent = caught.value.problems
    assert fifo.hint == "pipe it in and give - as the path"
    assert "not a regular file" in device.message
    assert "No such file" in absent.message


def test_what_is_not_kubernetes_is_listed(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("replicas: 2\non: [push]\n")
    (tmp_path / "secret.yaml").write_text(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: aHVudGVyMg==}\n"
        "---\napiVersion: v1\nkind: Secret\nmetadata: {name: t}\n"
    )
    cluster = load_cluster([tmp_path])
    assert [(one.kind, one.reason) for one in cluster.skipped] == [
        ("", "not a Kubernetes object: neither apiVersion nor kind"),
        ("Secret", "not a kind that is read: 2 x v1 Secret"),
    ]
    assert "hunter2" not in repr(cluster)
    assert "aHVudGVyMg" not in repr(cluster)


def test_the_hash_of_every_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(POD % "a")
    assert load_cluster([path]).inputs == {str(path): hashlib.sha256((POD % "a").encode()).hexdigest()}
