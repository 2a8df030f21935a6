"""YAML text -> trees that know their lines, in one pass over the parser's events, within budgets.

A tree is made of the mappings and lists of ``trees`` and the scalars of ``yaml_scalars``. Merge keys (``<<``)
are read as YAML 1.1 has them. Refused: tags in a Kubernetes object, duplicate keys, nesting deeper than 64,
aliases that grow a document more than tenfold or by more than 100,000 nodes.

libyaml reads the events where PyYAML has it. Composing by hand is what makes the budgets hold: PyYAML's own
composers recurse. One file because the budgets and the composer that keeps them are read together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml import events

from flowcheck.manifests.text.trees import SELECTOR_KEYS, Mapping, Sequence
from flowcheck.manifests.text.yaml_scalars import Ambiguous, resolve

MAX_DEPTH = 64
MAX_ALIASED_NODES = 100_000
MAX_GROWTH = 10
OBJECT_KEYS = ("apiVersion", "kind", "metadata", "spec")
"""The keys at the top of a Kubernetes object."""

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(Exception):
    """Why a YAML document is refused, and at which line of its file."""

    def __init__(self, message: str, line: int, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.line, self.hint = message, line, hint


_MARKER = re.compile(rb"^(?:---|\.\.\.)(?=[ \t\r\n]|\Z)", re.MULTILINE)
_NO_CONTENT = re.compile(rb"(?:(?:---|\.\.\.)?[ \t]*(?:[#%][^\n]*)?\r?(?:\n|\Z))*")


def split_documents(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Cut a stream at its document markers, which can stand nowhere else at the start of a line.

    Yields the first line's number and the text of each part that has content. Because the parts
    are parsed one by one, a broken one does not lose the others.
    """
    cuts = [match.start() for match in _MARKER.finditer(text)]
    line, begin = 1, 0
    for end in [*cuts, len(text)]:
        part = text[begin:end]
        content = _NO_CONTENT.match(part)
        if content is None or content.end() != len(part):
            yield line, part
        line += part.count(b"\n")
        begin = end


def parse_yaml(text: bytes, first_line: int = 1) -> Iterator[tuple[int, Any]]:
    """The trees of a piece of YAML, each with the line it begins at; ``first_line`` is that of the piece.

    Raises:
        YamlError: at the first thing that is wrong; the documents before it have been yielded.
    """
    parser = _Parser(text)
    try:
        while parser.check_event():
            event = parser.get_event()
            if isinstance(event, events.DocumentStartEvent):
                yield _Composer(parser, first_line).compose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        last = text.rstrip().count(b"\n")
        line = first_line + (min(mark.line, last) if mark else 0)
        hint = "indent with spaces, not tabs" if _line_has_tab(text, line - first_line) else ""
        raise YamlError(f"is not YAML: {error.problem or error.context}", line, hint) from None
    except yaml.YAMLError as error:
        reason = getattr(error, "reason", "") or "unreadable characters"
        raise YamlError(f"is not YAML: {reason}", first_line) from None
    finally:
        parser.dispose()


def _line_has_tab(text: bytes, index: int) -> bool:
    lines = text.split(b"\n", index + 1)
    return index < len(lines) and b"\t" in lines[index]


def _is_selector(key: Any) -> bool:
    return isinstance(key, str) and key.endswith("Selector")


_NO_KEY: Any = object()
_MERGE: Any = object()
_OPEN: Any = object()


class _Frame:
    """A container that is being filled, and the key that waits for its value: none in a list, or yet.

    ``nodes`` counts what it holds, aliases at their full size. ``merged`` are the mappings that ``<<`` names.
    """

    __slots__ = ("anchor", "container", "key", "merged", "nodes")

    def __init__(self, container: Mapping | Sequence, anchor: str | None) -> None:
        self.container, self.anchor = container, anchor
        self.key: Any = _NO_KEY if type(container) is Mapping else None
        self.nodes = 1
        self.merged: list[Mapping] = []

    def close(self) -> Mapping | Sequence:
        """The container with what is merged into it: its own keys count, then those of the first mapping."""
        for mapping in self.merged:
            for key, value in mapping.items():
                if key not in self.container:
                    self.container[key] = value
                    self.container.lines[key] = mapping.lines[key]
        return self.container


class _Composer:
    """Builds the tree of one document from events, with a stack of its own instead of recursion."""

    def __init__(self, parser: Any, first_line: int) -> None:
        self.parser, self.first_line = parser, first_line
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.frames: list[_Frame] = []
        self.written = 0
        self.aliased = 0
        self.tagged = 0

    def compose(self) -> tuple[int, Any]:
        root: Any = None
        first = 0
        while True:
            event = self.parser.get_event()
            kind = type(event)
            if kind is events.DocumentEndEvent:
                self._check_growth(first)
                self._check_tags(root)
                return first, root
            line = event.start_mark.line + self.first_line
            first = first or line
            if kind is events.ScalarEvent:
                self.written += 1
                done = self._add(self._scalar(event, line), 1, line)
            elif kind is events.AliasEvent:
                value, nodes = self._alias(event.anchor, line)
                done = self._add(value, nodes, line)
            elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
                frame = self.frames.pop()
                container = frame.close()
                if frame.anchor is not None:
                    self.anchors[frame.anchor] = (container, frame.nodes)
                done = self._add(container, frame.nodes, container.line)
            else:
                self._open(event, line)
                continue
            root = done if not self.frames else root

    def _open(self, event: Any, line: int) -> None:
        self._note_tag(event, line)
        self.written += 1
        if len(self.frames) >= MAX_DEPTH:
            raise YamlError(f"is nested deeper than {MAX_DEPTH} levels", line)
        if self.frames and self.frames[-1].key is _NO_KEY:
            raise YamlError("has a key that is a list or a mapping", line)
        if event.anchor is not None:
            self.anchors[event.anchor] = (_OPEN, 0)
        is_map = type(event) is events.MappingStartEvent
        self.frames.append(_Frame(Mapping(line) if is_map else Sequence(line), event.anchor))

    def _scalar(self, event: Any, line: int) -> Any:
        self._note_tag(event, line)
        value = event.value
        if event.implicit[0]:
            if value == "<<" and self.frames and self.frames[-1].key is _NO_KEY:
                return _MERGE
            value = resolve(value)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)
        if type(value) is not str and self.frames and self.frames[-1].key is _NO_KEY:
            return Ambiguous(event.value)
        return value

    def _alias(self, anchor: str, line: int) -> tuple[Any, int]:
        value, nodes = self.anchors.get(anchor, (None, -1))
        if nodes < 0:
            raise YamlError("has an alias to an anchor that stands nowhere before it", line)
        if value is _OPEN:
            raise YamlError("has an alias to what it is part of", line)
        self.aliased += nodes
        if self.aliased > MAX_ALIASED_NODES:
            raise YamlError(f"grows by more than {MAX_ALIASED_NODES} nodes through aliases", line)
        return value, nodes

    def _add(self, value: Any, nodes: int, line: int) -> Any:
        """Put a finished node where it belongs; returns it, so that the last one is the root."""
        if not self.frames:
            return value
        frame = self.frames[-1]
        frame.nodes += nodes
        container = frame.container
        if isinstance(container, Sequence):
            container.append(value)
            container.lines.append(line)
        elif value is _MERGE:
            frame.key = _MERGE
        elif frame.key is _NO_KEY:
            if not isinstance(value, str | Ambiguous):
                raise YamlError("has a key that is not text", line)
            if value in container:
                self._refuse_twice(container, value, line)
            frame.key = value
            container[value] = None
            container.lines[value] = line
        elif frame.key is _MERGE:
            several = value if isinstance(value, Sequence) else [value]
            if not all(isinstance(one, Mapping) for one in several):
                raise YamlError("has a merge key `<<` of what is no mapping", line)
            frame.merged += several
            frame.key = _NO_KEY
        else:
            container[frame.key] = value
            frame.key = _NO_KEY
        return value

    def _check_growth(self, line: int) -> None:
        if self.aliased > MAX_GROWTH * self.written:
            raise YamlError(f"grows more than {MAX_GROWTH} times through aliases", line)

    def _refuse_twice(self, container: Mapping, key: Any, line: int) -> None:
        """A key that stands twice is most often a sign of something else, which the hint names."""
        text = key if isinstance(key, str) else key.text
        selectors = [name for name, value in container.items() if value is None and _is_selector(name)]
        hint = "keep one"
        if len(self.frames) == 1 and key in OBJECT_KEYS:
            hint = "if a second object begins there, write --- on a line of its own before it"
        elif key in SELECTOR_KEYS and selectors:
            hint = f"each belongs one level deeper, below its selector: this one below {selectors[-1]}"
        raise YamlError(f"has the key `{text[:63]}` twice, first at line {container.lines[key]}", line, hint)

    def _note_tag(self, event: Any, line: int) -> None:
        if event.tag is not None:
            self.tagged = self.tagged or line

    def _check_tags(self, root: Any) -> None:
        """Programs' own files have tags of their own; an object that has one would not be read rightly."""
        values = root if isinstance(root, list) else [root]
        if self.tagged and any(isinstance(one, dict) and {"apiVersion", "kind"} & set(one) for one in values):
            raise YamlError("has a YAML tag", self.tagged, "tags are not read; quote the value instead")
