"""The findings of the page within the room there is: the gravest in full, all others as a line each.

Where there is not even room for a line of each, the last are counted and not shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from jinja2 import Environment
from markupsafe import Markup

from flowcheck.counted import counted
from flowcheck.reports.audit.finding_wording import TITLES
from flowcheck.reports.audit.page.findings import Rule
from flowcheck.reports.audit.page.markup import macro, size_of

ROWS_AT_ONCE, RULES_AT_ONCE = 50, 25
"""So many are laid out together, and only once they come into view."""
OPEN_RULES, COMMANDS = 3, 300
"""How many rules of a group are open at first, and how many of all show their command."""


class Group(NamedTuple):
    """Findings of one title. ``rules``: as HTML, some together; ``short``: layers, and lines as HTML, some
    together; ``n_short`` of them all, and ``hidden`` without a line."""

    title: str
    number: int
    summary: str
    rules: list[Markup]
    short: list[tuple[str, Markup]]
    n_short: int
    hidden: int


class Listing:
    """What there is room for. ``size``: bytes, for all groups together."""

    def __init__(self, jinja: Environment, rules: Sequence[Rule], size: int) -> None:
        template = jinja.get_template("findings.html")
        self._rule_of, self._row_of = macro(template, "rule"), macro(template, "row")
        short_of = macro(template, "short")
        self._rules = rules
        self._short = [[short_of(row, rule) for row in rule.rows] for rule in rules]
        self._left = size - sum(size_of(text) for texts in self._short for text in texts)
        self._commands = COMMANDS
        for texts in reversed(self._short):
            while texts and self._left < 0:
                self._left += size_of(texts.pop())

    def groups(self) -> Iterator[Group]:
        together = zip(self._rules, self._short, strict=True)
        for number, found in groupby(together, key=lambda one: one[0].group):
            yield self._group(number, list(found))

    def _group(self, number: int, found: list[tuple[Rule, list[Markup]]]) -> Group:
        rules = [rule for rule, _ in found]
        opened = OPEN_RULES if len(rules) > 2 * OPEN_RULES else len(rules)
        made: list[Markup] = []
        short: list[tuple[str, Markup]] = []
        for rule, lines in found:
            text, n_shown = self._in_full(rule, lines, is_open=len(made) < opened)
            made += [text] if n_shown else []
            short += [(rule.layers, line) for line in lines[n_shown:]]
        n_findings = sum(len(rule.rows) for rule in rules)
        records = counted(sum(rule.records for rule in rules), "record")
        n_lines = sum(len(lines) for _, lines in found)
        return Group(
            TITLES[number],
            number,
            f"{counted(n_findings, 'finding')} by {counted(len(rules), 'set')} of rules, {records}",
            _joined(made, RULES_AT_ONCE),
            [
                (layers, chunk)
                for layers, texts in groupby(short, key=lambda one: one[0])
                for chunk in _joined([text for _, text in texts], ROWS_AT_ONCE)
            ],
            len(short),
            n_findings - n_lines,
        )

    def _in_full(self, rule: Rule, lines: list[Markup], *, is_open: bool) -> tuple[Markup, int]:
        """A rule with as many of its findings as there is room for; 0: for none."""
        command = self._commands > 0
        alone = self._rule_of(rule, [], 0, is_open, command)
        rows: list[Markup] = []
        left = self._left - size_of(alone)
        for finding, line in zip(rule.rows, lines, strict=False):
            row = self._row_of(finding)
            left -= size_of(row) - size_of(line)
            if left < 0:
                break
            rows.append(row)
        if not rows:
            self._left = 0  # what comes later is less grave
            return Markup(), 0
        self._left = left if len(rows) == len(rule.rows) else 0
        self._commands -= 1
        return self._rule_of(rule, _joined(rows, ROWS_AT_ONCE), len(rows), is_open, command), len(rows)


def _joined(texts: list[Markup], most: int) -> list[Markup]:
    return [Markup("").join(texts[at : at + most]) for at in range(0, len(texts), most)]
