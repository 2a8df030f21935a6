"""Violations over time: a column for each stretch, stacked by what became of them."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from flowcheck.counted import counted
from flowcheck.flows.canonical.times import EARLIEST, LATEST
from flowcheck.model.instants import instant_text
from flowcheck.reports.audit.page.markup import drawn
from flowcheck.reports.parts.svg import figure, line, part, rect, text, ticks
from flowcheck.reports.parts.units import duration, moment
from flowcheck.results.audit import AuditResult

MOST = 48
"""Columns: so a day has one for each hour."""
HEIGHT, HEAD, FOOT = 180, 14, 22
LEFT = 0.06
"""Part of the width that is left to the numbers."""
COLORS = ("alarm", "may", "dropped")
"""Of findings' groups, from the bottom."""
MICROSECONDS = 1_000_000


class Over(NamedTuple):
    """``rows``: when each stretch with any began, how many there were of each group."""

    picture: Markup
    width: str
    begin: str
    end: str
    busiest: str
    rows: list[tuple[str, tuple[int, ...]]]
    groups: list[int]


def over_time(result: AuditResult) -> Over | None:
    """None where nothing violates."""
    series = result.times.series(MOST)
    if not series.stretches:
        return None
    seconds, stretches = series
    totals = [sum(counts) for _, counts in stretches]
    most = max(totals)
    width_text = duration(seconds).removeprefix("1 ")
    root = figure(HEIGHT, f"Violating records per {width_text}, at most {most:,}; the table has them")
    bottom = HEIGHT - FOOT
    scale = (bottom - HEAD) / most
    for count in sorted({round(tick) for tick in ticks(most, 3)} - {0}):
        y = bottom - count * scale
        line(root, part(LEFT), y, "100%", y, "rule", 1)
        text(root, part(LEFT - 0.01), y + 4, f"{count:,}", size=11, color="faint", anchor="end")
    width = (1 - LEFT) / len(stretches)
    for place, (_, counts) in enumerate(stretches):
        y = float(bottom)
        for color, count in zip(COLORS, counts, strict=True):
            if count:
                y -= count * scale
                rect(root, part(LEFT + (place + 0.08) * width), y, part(0.84 * width), count * scale, color)
    line(root, part(LEFT), bottom, "100%", bottom, "faint", 1)
    begin, end = stretches[0][0], stretches[-1][0] + seconds * MICROSECONDS
    text(root, part(LEFT), bottom + 16, _time(begin), size=11, color="faint")
    text(root, "100%", bottom + 16, _time(end), size=11, color="faint", anchor="end")
    busiest = stretches[totals.index(most)][0]
    groups = [group for group in range(3) if any(counts[group] for _, counts in stretches)]
    return Over(
        drawn(root),
        width_text,
        _time(begin),
        _time(end),
        f"{counted(most, 'record')} in the {width_text} from {_time(busiest)}",
        [(_time(start), tuple(counts[g] for g in groups)) for start, counts in stretches if any(counts)],
        groups,
    )


def _time(instant: int) -> str:
    """A wide stretch may begin or end where there are no dates any more."""
    shown = min(max(instant, EARLIEST), LATEST)
    return moment(instant_text(shown)).replace("T", " ").removesuffix("Z")
