"""Rules as CSV, one a row, for spreadsheets; workloads that nothing isolates stand in JSON. Text that a
spreadsheet would run as a formula is prefixed with ``'``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from flowcheck.reports.parts.csv import Cell, write_rows
from flowcheck.results.records.rules import RulesRecord

COLUMNS = (
    *("policy", "rule", "tier", "layer", "action", "file", "line", "worth", "reasons", "by", "nobody"),
    *("overrides", "overridden_by", "last_of_direction", "traffic", "records", "connections"),
    *("alike_records", "open_records", "unknown_records", "alike_by"),
)


def render(record: RulesRecord, stream: TextIO) -> None:
    write_rows(stream, COLUMNS, _rows(record))


def _rows(record: RulesRecord) -> Iterator[tuple[Cell, ...]]:
    for one in record.rules:
        place = one.policy, one.rule, one.tier, one.layer, one.action, one.file, one.line
        told = one.worth, one.reasons, one.by, one.nobody, one.overrides, one.overridden_by
        seen: tuple[Cell, ...] = (None,) * 7
        if one.traffic is not None:
            of = one.traffic
            counts = of.records, of.connections, of.alike_records, of.open_records, of.unknown_records
            seen = of.state, *counts, tuple(who.name for who in of.by)
        yield *place, *told, one.last_of_direction, *seen
