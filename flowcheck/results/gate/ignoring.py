"""The ignore file: findings that somebody took upon them, why, and until when.

    - match: {id: b1f23f1972974919}
      reason: the exporter is replaced in May
      owner: team-shop
      expires: 2027-05-31
    - match: {kind: forwarded_denied, src: "monitoring/*", dst: shop/Deployment/web, port: 9090/TCP}
      reason: ...
      owner: ...

A list of entries. ``match`` names at least one thing (see :class:`~flowcheck.results.gate.matching.Match`),
``reason`` and ``owner`` are needed, ``expires`` is not.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flowcheck.errors import Problem, RunError
from flowcheck.manifests.text.trees import Mapping, Sequence
from flowcheck.manifests.text.yaml_events import YamlError, parse_yaml
from flowcheck.manifests.text.yaml_scalars import Ambiguous
from flowcheck.model.verdict import Violation
from flowcheck.opening import read_file
from flowcheck.results.gate.matching import Entry, Match

MOST_BYTES = 1 << 20
_KEYS, _NEEDED = ("match", "reason", "owner", "expires"), ("match", "reason", "owner")
_MATCH = ("id", "kind", "src", "dst", "port", "policy")
_KINDS = tuple(str(kind) for kind in Violation if kind)
_ID = re.compile(r"[0-9a-f]{16}")
_PORT = re.compile(r"[0-9]{1,5}(/[A-Za-z0-9]+)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Ignores:
    """The entries of a file, in its order."""

    file: str
    entries: tuple[Entry, ...]
    sha256: str


def read_ignores(path: str | Path) -> Ignores:
    """**Raises**: RunError with every problem, by file:line."""
    name = os.fspath(path)
    try:
        data = read_file(path, MOST_BYTES)
        documents = [tree for _line, tree in parse_yaml(data)]
    except OSError as error:
        raise RunError(f"cannot read: {error.strerror}", where=name) from error
    except YamlError as fault:
        raise RunError(fault.message, where=f"{name}:{fault.line}", hint=fault.hint) from fault
    content = documents[0] if documents else None
    if len(documents) > 1 or not isinstance(content, Sequence):
        hint = "write entries as - match: {id: ...}, with reason and owner below"
        raise RunError("is not one list of what to ignore", where=name, hint=hint)
    entries, problems = [], []
    for tree, line in zip(content, content.lines, strict=True):
        try:
            entries.append(_entry(tree, line, name))
        except YamlError as fault:
            problems.append(Problem(fault.message, f"{name}:{fault.line}", fault.hint))
    if problems:
        raise RunError("cannot be used", where=name, problems=problems)
    return Ignores(name, tuple(entries), hashlib.sha256(data).hexdigest())


def _entry(tree: Any, line: int, file: str) -> Entry:
    """**Raises**: YamlError."""
    known = _mapping(tree, line, "an entry", _KEYS)
    for key in _NEEDED:
        if key not in known or known[key] is None:
            raise YamlError(f"has no {key}", line, f"say {key}: an entry has {', '.join(_NEEDED)}")
    return Entry(
        match=_match(known["match"], known.lines["match"]),
        reason=_text(known, "reason"),
        owner=_text(known, "owner"),
        at=f"{file}:{line}",
        expires=_day(known) if "expires" in known else None,
    )


def _match(tree: Any, line: int) -> Match:
    given = _mapping(tree, line, "match", _MATCH)
    words = {key: _text(given, key) for key in _MATCH if key in given and key != "policy"}
    policies = tuple(_policies(given)) if "policy" in given else ()
    for key, pattern, hint in (
        ("id", _ID, "the fingerprint of a finding, 16 letters and digits, in quotes: findings.json has it"),
        ("port", _PORT, "443, or 443/TCP"),
        ("kind", re.compile("|".join(_KINDS)), " or ".join(_KINDS)),
    ):
        if key in words and not pattern.fullmatch(words[key]):
            raise YamlError(f"match.{key} is {words[key][:40]!r}", given.lines[key], f"write {hint}")
    if not any(set(text) - {"*"} for text in (*words.values(), *policies)):
        hint = f"name one of {', '.join(_MATCH)}"
        raise YamlError("match takes in everything", line, hint)
    return Match(**words, policies=policies)


def _policies(given: Mapping) -> Iterator[str]:
    """One, or a list of several."""
    value = given["policy"]
    if not isinstance(value, Sequence):
        yield _text(given, "policy")
        return
    for one, line in zip(value, value.lines, strict=True):
        yield _word(one, "policy", line)


def _mapping(tree: Any, line: int, what: str, keys: tuple[str, ...]) -> Mapping:
    if not isinstance(tree, Mapping):
        raise YamlError(f"{what} is not a mapping", line, f"it has {', '.join(keys)}")
    for key, at in tree.lines.items():
        if key not in keys:
            name = key.text if isinstance(key, Ambiguous) else str(key)
            raise YamlError(f"{what} has no {name[:40]!r}", at, f"there are {', '.join(keys)}")
    return tree


def _text(given: Mapping, key: str) -> str:
    return _word(given[key], key, given.lines[key])


def _word(value: Any, key: str, line: int) -> str:
    """Text, also where YAML's readers differ; of numbers those alone that are written one way only."""
    if isinstance(value, Ambiguous):
        value = value.text
    elif isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise YamlError(f"{key} is no text", line, "write text, in quotes where it looks like something else")
    return value.strip()


def _day(given: Mapping) -> date:
    """**Raises**: YamlError where it is no day of the calendar."""
    line = given.lines["expires"]
    try:
        text = _text(given, "expires")
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except (YamlError, ValueError):
        pass
    raise YamlError("expires is no date", line, "write the last day it holds, as 2026-12-31")
