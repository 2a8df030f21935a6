"""The text of a mapping, YAML, -> its rules; everything wrong with it is said at once, with its line.

records: connection            # event, window (if nothing is said), connection, state or aggregate
where: {event_type: flow}      # only these records are flows
null_words: ["-", ""]          # words that mean: no value
columns:
  start_time: {from: ts, unit: ms}
  src_ip: client.address       # a dot leads into what is nested
  protocol: {from: proto, values: {tcp: 6, udp: 17}}
  dst_ip: {from: upstream, split: "address:port", part: 0}
  observation_point: {constant: 3}
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.numbers import LIMITS
from flowcheck.flows.canonical.schema import COLUMNS, END_NAMES, REQUIRED
from flowcheck.flows.canonical.types import FLOW_FIELDS
from flowcheck.flows.formats.mapped.rules.checked import Checked, shown, word
from flowcheck.flows.formats.mapped.rules.mapping import KINDS, RECEIVED, Mapping, Rule, Value
from flowcheck.flows.logs.values.times import PER_UNIT
from flowcheck.manifests.text.trees import Mapping as Tree
from flowcheck.manifests.text.yaml_events import YamlError, parse_yaml
from flowcheck.manifests.text.yaml_scalars import Ambiguous

FORMS = ("csv", "tsv", "json", "parquet")
_TOP = ("columns", "records", "where", "null_words", "format", "separator")
_RULE = (
    *(
        "from",
        "unit",
        "zone",
        "after",
        "constant",
        "values",
        "split",
        "part",
        "null_words",
        "base",
        "optional",
    ),
)
_TYPES = {field.name: field.type for field in FLOW_FIELDS}
_TIMES = ("start_time", "end_time", RECEIVED)
MOST_TEXT = 1 << 20
"""Bytes of a mapping's file, and characters of one that is given as text."""


@cache
def mapping_of(text: str) -> Mapping:
    """The mapping that a text says.

    **Raises**: FlowFormatError with all that is wrong with it.
    """
    if not text.strip():
        raise FlowFormatError(
            "there is no mapping",
            hint="say which columns tell what with --mapping FILE; docs/formats.md shows one",
        )
    if len(text) > MOST_TEXT:
        raise FlowFormatError("the mapping is longer than 1 MiB", hint="give the mapping, not the log")
    try:
        trees = [tree for _, tree in parse_yaml(text.encode(errors="replace"))]
    except YamlError as error:
        raise FlowFormatError(error.message, where=f"mapping, line {error.line}", hint=error.hint) from error
    if len(trees) != 1 or not isinstance(trees[0], Tree):
        raise FlowFormatError("is not one mapping of keys to values", where="mapping", hint="write columns:")
    reader = _Reader()
    mapping = reader.mapping(trees[0])
    if reader.in_order():
        raise FlowFormatError("the mapping cannot be used", problems=reader.in_order())
    return mapping


class _Reader(Checked):
    """Reads one tree, and collects what is wrong with it."""

    def mapping(self, tree: Tree) -> Mapping:
        self.known(tree, _TOP, "mapping")
        nulls = self.words(tree, "null_words", ("",))
        columns = tree.get("columns")
        if not isinstance(columns, Tree) or not columns:
            self.wrong(tree, "columns", "there are no columns", "write columns:, and start_time below it")
            columns = Tree(tree.line)
        rules = tuple(rule for name in columns for rule in self._rules(columns, name, nulls))
        if columns:
            self._complete(tree, {rule.column for rule in rules})
        return Mapping(
            tuple(sorted(rules, key=lambda rule: rule.column != "start_time")),  # durations are added to it
            tuple(self._where(tree)),
            self.one_of(tree, "records", tuple(KINDS), "window"),
            self.one_of(tree, "format", FORMS, ""),
            self.text(tree, "separator"),
        )

    def _rules(self, columns: Tree, name: Any, nulls: frozenset[str]) -> Iterator[Rule]:
        if name not in COLUMNS and name != RECEIVED:
            near = get_close_matches(str(name), [*COLUMNS, RECEIVED], 1)
            hint = f"did you mean {near[0]}?" if near else f"the columns are {', '.join(COLUMNS)}"
            self.wrong(columns, name, f"there is no column {shown(name)}", hint)
            return
        said = columns[name]
        for one in said if isinstance(said, list) and any(isinstance(s, Tree) for s in said) else [said]:
            if isinstance(one, str | list | Ambiguous):
                tree = Tree(columns.lines[name])
                tree["from"], tree.lines["from"] = one, columns.lines[name]
                one = tree
            if not isinstance(one, Tree):
                self.wrong(columns, name, f"{name}: is no rule", "write a name of the log, or {from: NAME}")
            else:
                yield self._rule(one, name, nulls)

    def _rule(self, tree: Tree, name: str, nulls: frozenset[str]) -> Rule:
        self.known(tree, _RULE, name)
        if ("from" in tree) == ("constant" in tree):
            self.wrong(tree, name, f"{name}: needs either from or constant", "write from: NAME")
        part, base = tree.get("part", 0), tree.get("base", 10)
        if type(part) is not int:
            self.wrong(tree, "part", f"{name}.part: is no whole number", "count parts from 0")
            part = 0
        if base not in (10, 16):
            self.wrong(tree, "base", f"{name}.base: {shown(base)} is no base", "write 10 or 16")
            base = 10
        unit = self.one_of(tree, "unit", tuple(PER_UNIT), "", name)
        if unit and name not in _TIMES:
            self.wrong(tree, "unit", f"{name}.unit: only times have a unit", "leave it out")
        after = self.one_of(tree, "after", ("start_time",), "", name)
        if after and not unit:
            self.wrong(tree, "after", f"{name}.after: a duration needs a unit", "write unit: s, ms, us or ns")
        return Rule(
            name,
            tree.line,
            tuple(word(one) or "" for one in self.listed(tree, "from")),
            unit,
            self._zone(tree, name),
            after,
            self._constant(tree, name),
            self._values(tree, name),
            self.text(tree, "split"),
            part,
            nulls | self.words(tree, "null_words", ()),
            int(base),
            tree.get("optional") is True,
        )

    def _constant(self, tree: Tree, name: str) -> Value:
        value = tree.get("constant")
        if value is None:
            return None
        kind = COLUMNS[name].kind if name in COLUMNS else "time"
        if kind == "integer":
            return self._number(tree, "constant", value, name)
        if kind == "time":
            self.wrong(tree, "constant", f"{name}.constant: times differ by row", "write from: NAME")
            return None
        return word(value)

    def _values(self, tree: Tree, name: str) -> dict[str, Value]:
        said = tree.get("values")
        if said is None:
            return {}
        if not isinstance(said, Tree) or any(isinstance(one, dict | list) for one in said.values()):
            self.wrong(tree, "values", f"{name}.values: is no table of words", "write {WORD: VALUE, ...}")
            return {}
        if name in COLUMNS and COLUMNS[name].kind == "integer" and name != "protocol":
            for one in said.values():
                if one is not None:
                    self._number(tree, "values", one, name)
        return {word(key) or "": one.text if isinstance(one, Ambiguous) else one for key, one in said.items()}

    def _number(self, tree: Tree, key: str, value: Any, name: str) -> int | None:
        """A value that fits a column of numbers."""
        low, high = LIMITS.get(name, (0, int(np.iinfo(_TYPES[name].to_pandas_dtype()).max)))
        if type(value) is int and low <= value <= high:
            return value
        said = f"{name}.{key}: {shown(value)} is no number from {low} to {high}"
        self.wrong(tree, key, said, "write one that fits the column")
        return None

    def _zone(self, tree: Tree, name: str) -> str:
        zone = self.text(tree, "zone")
        if zone and not is_zone(zone):
            said = f"{name}.zone: {shown(zone)} is no time zone"
            self.wrong(tree, "zone", said, "write an IANA name such as Europe/Berlin, or UTC")
            return ""
        return zone

    def _where(self, tree: Tree) -> Iterator[tuple[str, tuple[str | None, ...]]]:
        said = tree.get("where")
        if said is None:
            return
        if not isinstance(said, Tree):
            self.wrong(tree, "where", "where: is no table of names and words", "write {NAME: WORD}")
            return
        for name, words in said.items():
            several = words if isinstance(words, list) else [words]
            yield word(name) or "", tuple(None if one is None else word(one) for one in several)

    def _complete(self, tree: Tree, told: set[str]) -> None:
        for name in REQUIRED:
            if name not in told:
                self.wrong(tree, "columns", f"columns: no rule for {name}", f"add {name}: {{from: NAME}}")
        for address, (namespace, pod, workload, uid) in END_NAMES.items():
            named = namespace in told and (pod in told or workload in told)
            if address not in told and uid not in told and not named:
                said = f"columns: no rule for {address}, nor for {namespace} with {pod} or {workload}"
                self.wrong(tree, "columns", said, f"add {address}: {{from: NAME}}")


def is_zone(name: str) -> bool:
    """Whether this is the name of a time zone that times can be brought from."""
    try:
        pc.assume_timezone(pa.scalar(0, pa.timestamp("s")), name)
    except pa.ArrowException:
        return False
    return True
