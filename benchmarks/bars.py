"""What speed is held to: each measure of a record of ``speed.py``, its bar and its goal.

Bars are for ``--size medium --times 5``: 10,000 pods, 2,114 policies, 20 and 100 million rows, 2 cores. The
same measures of other sizes only show the way.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Any, NamedTuple

Record = dict[str, Any]
Values = Callable[[Record], list[float]]

AUDIT, ONE_WORKER, BESIDE = "flowcheck", "flowcheck, one worker", "build beside"
READ, DUCKDB = "bare read", "DuckDB"
"""Names of programs in a record."""
COLD, SEEN = "kernels", "kernels and cluster"
"""What is cached when an audit of one row begins."""


class Bar(NamedTuple):
    """``values`` gives one value for each round, none where it was not measured."""

    measure: str
    unit: str
    bar: float
    goal: float
    values: Values
    at_least: bool = False
    digits: int = 2


class Row(NamedTuple):
    """A line of the table; ``holds`` is goal, bar, no, or - for what was not measured."""

    measure: str
    value: str
    bar: str
    goal: str
    holds: str


def sizes(record: Record) -> list[str]:
    return sorted(record["runs"], key=int)


def walls(record: Record, n_flows: str, program: str) -> list[float]:
    return [run["wall_s"] for run in record["runs"][n_flows].get(program, [])]


def per_row(record: Record, program: str) -> list[float]:
    """Nanoseconds a row of each round, from the difference of the two sizes: so the start cancels out."""
    if len(record["runs"]) < 2:
        return []
    few, many = sizes(record)
    more = int(many) - int(few)
    both = zip(walls(record, few, program), walls(record, many, program), strict=True)
    return [(at_many - at_few) / more * 1e9 for at_few, at_many in both]


def ratios(ours: list[float], theirs: list[float]) -> list[float]:
    """Round by round; none where one of the two was not measured, NaN where one is not above 0, which is
    noise: more rows took less time."""
    if not ours or not theirs:
        return []
    both = zip(ours, theirs, strict=True)
    return [our / their if min(our, their) > 0 else math.nan for our, their in both]


def _per_row_over(ours: str, theirs: str) -> Values:
    return lambda record: ratios(per_row(record, ours), per_row(record, theirs))


def _whole(record: Record) -> list[float]:
    few = sizes(record)[0]
    return ratios(walls(record, few, AUDIT), walls(record, few, DUCKDB))


def _start(cached: str) -> Values:
    return lambda record: record.get("start", {}).get(cached, [])


def _peaks(which: int) -> Values:
    def peaks(record: Record) -> list[float]:
        named = record.get("memory", {}).get(sizes(record)[which], {})
        return [peak / 2**30 for peak in named.get(AUDIT, [])]

    return peaks


def _growth(record: Record) -> list[float]:
    return ratios(_peaks(-1)(record), _peaks(0)(record)) if len(record["runs"]) > 1 else []


def _compile(record: Record) -> list[float]:
    return [run["load"] + run["compile"] for run in record.get("compile", {}).get("runs", [])]


def _evaluate(record: Record) -> list[float]:
    evaluated = record.get("evaluate", {"seconds": []})
    return [evaluated["rows"] / seconds / 1e6 for seconds in evaluated["seconds"]]


def bars(record: Record) -> list[Bar]:
    """All of them, in words that name this record's sizes."""
    few, many = (f"{int(n) / 1e6:,.3g} M rows" for n in (sizes(record)[0], sizes(record)[-1]))
    cluster = "{pods:,} pods and {policies:,} policies".format(**record["cluster"])
    big = record.get("compile") or {"pods": 50_000, "policies": 5_000, "rules": 5}
    whole = "{pods:,} pods, {policies:,} policies of about {rules} rules: read and compile".format(**big)
    peak = big.get("peak_bytes")
    found = [
        Bar("per row, `audit -o` over DuckDB's smaller work", "", 1.0, 0.6, _per_row_over(AUDIT, DUCKDB)),
        Bar("per row, over the bare read on two threads", "", 4, 2, _per_row_over(AUDIT, READ)),
        Bar("per row, over the build beside", "", 0.33, 0.2, _per_row_over(AUDIT, BESIDE)),
        Bar(f"before the first row, {cluster}, only kernels cached", "s", 2, 1, _start(COLD)),
        Bar("the same, this cluster audited before", "s", 0.5, 0.3, _start(SEEN)),
        Bar(f"{few}, whole command over DuckDB's", "", 2, 1, _whole),
        Bar(f"peak memory of all processes, {few}", "GiB", 0.8, 0.5, _peaks(0)),
        Bar(whole + (f" ({peak / 2**30:.2f} GiB)" if peak else ""), "s", 7, 3, _compile),
        Bar(
            "second core: per row, one worker over all", "", 1.8, 1.95, _per_row_over(ONE_WORKER, AUDIT), True
        ),
        Bar("`flowcheck.evaluate`, rows in memory, all words", "M rows/s", 8, 25, _evaluate, True, 1),
    ]
    if len(record["runs"]) > 1:
        found[7:7] = [
            Bar(f"peak memory of all processes, {many}", "GiB", 0.8, 0.5, _peaks(-1)),
            Bar(f"peak memory, {many} over {few}", "", 1.1, 1.1, _growth),
        ]
    return found


def rows(record: Record) -> list[Row]:
    return [_row(bar, bar.values(record)) for bar in bars(record)]


def _row(bar: Bar, values: list[float]) -> Row:
    limit, aim = (
        f"{'>=' if bar.at_least else '<='} {number:g} {bar.unit}".strip() for number in (bar.bar, bar.goal)
    )
    if not values:
        return Row(bar.measure, "not measured", limit, aim, "-")
    middle = statistics.median(values)
    if any(map(math.isnan, values)):
        return Row(bar.measure, "noise", limit, aim, "-")
    held = [name for name in ("goal", "bar") if _within(middle, getattr(bar, name), bar.at_least)]
    value = f"{spread(values, bar.digits)} {bar.unit}".strip()
    return Row(bar.measure, value, limit, aim, held[0] if held else "no")


def _within(value: float, limit: float, at_least: bool) -> bool:
    return value >= limit if at_least else value <= limit


def spread(values: list[float], digits: int = 2) -> str:
    """The median, then the least and the greatest."""
    middle, least, greatest = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({least:.{digits}f} to {greatest:.{digits}f})"
