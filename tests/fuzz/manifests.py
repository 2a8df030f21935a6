"""Targets on what reads a cluster: YAML and JSON of every kind, and selectors of two languages."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from flowcheck.dialects.calico.selectors import parse_selector
from flowcheck.dialects.calico.tokens import SelectorError
from flowcheck.errors import ManifestError
from flowcheck.manifests.text.yaml_events import YamlError, parse_yaml
from flowcheck.model.cluster import Cluster
from flowcheck.model.peers import Expression
from flowcheck.reading import load_cluster
from tests.badinputs import good
from tests.fuzz.damage import ODD, damaged
from tests.fuzz.target import Target

_OBJECTS = [*good.POLICIES, *good.OBJECTS]
_YAML = [yaml.safe_dump(one, sort_keys=False).encode() for one in _OBJECTS]
_JSON = [json.dumps(one, indent=1).encode() for one in _OBJECTS]
_WORDS = [
    b"a",
    b"kind",
    b": ",
    b"- ",
    b"\n",
    b"  ",
    b"{",
    b"}",
    b"[",
    b"]",
    b"? ",
    b"---\n",
    b"...\n",
    b"80",
    b"no",
]
_SOUP = st.lists(st.sampled_from([*_WORDS, *ODD]), max_size=40).map(b"".join)


def _load(data: bytes, name: str) -> Cluster:
    """Raises: ManifestError, whose problems all say where they stand."""
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=_memory()) as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            return load_cluster([path])
        except ManifestError as error:
            if all(str(path) in one.where for one in error.problems):
                raise
            raise AssertionError("a problem without a place") from error


def _memory() -> str | None:
    """A file system that is no disk, where there is one."""
    return "/dev/shm" if os.path.isdir("/dev/shm") else None


def _trees(data: bytes) -> str:
    """Documents, or one fault at a line that there is."""
    try:
        n = len([*parse_yaml(data)])
    except YamlError as error:
        line = error.line
    else:
        return "read" if n else "nothing in it"
    assert 1 <= line <= data.count(b"\n") + data.count(b"\r") + 2, line
    return "refused"


def _manifest(name: str) -> Any:
    def check(data: bytes) -> str:
        try:
            _load(data, name)
        except ManifestError:
            return "refused"
        return "read"

    return check


_TEXT = st.sampled_from(
    ["a", "", "app", "a/b", "-", "a b", "In", "NotIn", "Exists", "in", "x" * 64, "\u00fc", "\n"]
)
_LEAF = _TEXT | st.integers(-1, 9) | st.booleans() | st.none()
_TREE = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3)
)
_EXPRESSION = st.fixed_dictionaries(
    {},
    optional={
        "key": _TEXT | _TREE,
        "operator": _TEXT | _TREE,
        "values": st.lists(_TEXT, max_size=3) | _TREE,
        "a": _LEAF,
    },
)
_SELECTOR = st.fixed_dictionaries(
    {},
    optional={
        "matchLabels": st.dictionaries(_TEXT, _TEXT | _LEAF, max_size=3) | _TREE,
        "matchExpressions": st.lists(_EXPRESSION, max_size=3) | _TREE,
        "matchlabels": _TREE,
    },
)


def _kubernetes(selector: dict[str, Any]) -> str:
    """A policy that selects by it, and what it selects can be asked."""
    policy = {**good.NETWORK_POLICY, "spec": {"podSelector": selector}}
    try:
        cluster = _load(json.dumps(policy).encode(), "a.json")
    except ManifestError:
        return "refused"
    (only,) = cluster.policies
    assert isinstance(only.subject.pods.matches({"app": "a"}), bool)  # type: ignore[union-attr]
    return "read"


_CALICO = [
    *("a", "in", "not", "has(a)", "has(", "all()", "global()", "a == 'x'", 'b != "y"', "c in {'x', 'y'}"),
    *(
        "d not in {}",
        "e contains 'x'",
        "f starts with ''",
        "g ends with 'x'",
        "'",
        '"',
        "=",
        "==",
        "&&",
        "||",
        "|",
    ),
    *("!", "(", ")", "{", "}", ",", " ", "\t", "\n", "\x00", "\u00fc", "x" * 513),
]


def _calico(text: str) -> str:
    """An expression, which says the same in parentheses and denied twice; or a fault at a character."""
    try:
        found = parse_selector(text)
    except SelectorError as error:
        place = error.place
    else:
        _same_in_parentheses(text, found)
        return "read"
    assert 0 <= place <= len(text), place
    return "refused"


def _same_in_parentheses(text: str, found: Expression) -> None:
    assert parse_selector(f" {text}\t") == found
    if text.strip(" \t"):
        assert parse_selector(f"(({text}))") == found
        assert parse_selector(f"!(!({text}))") == found


TARGETS = (
    Target("YAML trees", damaged(_YAML) | _SOUP | st.binary(max_size=200), _trees),
    Target("YAML manifests", damaged(_YAML), _manifest("a.yaml")),
    Target("JSON manifests", damaged(_JSON), _manifest("a.json")),
    Target("Kubernetes selectors", _SELECTOR, _kubernetes),
    Target("Calico selectors", st.lists(st.sampled_from(_CALICO), max_size=12).map("".join), _calico),
)
