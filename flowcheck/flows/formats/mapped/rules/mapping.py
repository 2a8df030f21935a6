"""A mapping: of each canonical column, what in a log tells it.

The rules say which values are taken, in which unit, and which of them mean that there is none. They are made
by :mod:`flowcheck.flows.formats.mapped.rules.written` of the text of a person or of this package.
"""

from __future__ import annotations

from collections.abc import Mapping as Words
from types import MappingProxyType
from typing import NamedTuple

RECEIVED = "received"
"""Beside the canonical columns: when the record was received, which its start is held against."""
KINDS = {"event": 1, "window": 2, "connection": 3, "state": 4, "aggregate": 5}
"""What a record can be, and its code in ``record_kind``."""
ENDPOINT = "address:port"
"""A separator that knows IPv6 addresses in brackets."""

Value = str | int | float | bool | None


class Rule(NamedTuple):
    """How one canonical column is told.

    ``sources``: names in the log, of which the first that has a value counts; a dot leads into what is
    nested. ``unit``: of numbers that are times: s, ms, us or ns. ``zone``: of times without one, an IANA
    name. ``after``: the value is a duration since this column. ``constant``: the same in every row.
    ``values``: words of the log and what they stand for. ``split`` and ``part``: the part between separators
    that is meant, from 0, or from -1 backwards. ``base``: of numbers written as text. ``optional``: a log may
    lack it.
    """

    column: str
    line: int = 0
    sources: tuple[str, ...] = ()
    unit: str = ""
    zone: str = ""
    after: str = ""
    constant: Value = None
    values: Words[str, Value] = MappingProxyType({})
    split: str = ""
    part: int = 0
    null_words: frozenset[str] = frozenset()
    base: int = 10
    optional: bool = False


class Mapping(NamedTuple):
    """``rules``: in the order in which they are tried; several for one column stand for one another.
    ``where``: names in the log and the words that make a record a flow, None: it may be missing. ``records``:
    a key of KINDS. ``form`` and ``separator``: what the log is, where a person says so.
    """

    rules: tuple[Rule, ...]
    where: tuple[tuple[str, tuple[str | None, ...]], ...] = ()
    records: str = "window"
    form: str = ""
    separator: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """Every name that is read of a log, once."""
        names = [name for rule in self.rules for name in rule.sources]
        return tuple(dict.fromkeys([*names, *(name for name, _ in self.where)]))

    @property
    def columns(self) -> frozenset[str]:
        return frozenset(rule.column for rule in self.rules)
