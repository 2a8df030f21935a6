"""The progress bar on standard error: rows, rows per second, time left.

It is drawn by the callback the runner calls, never by a thread of its own: the runner may fork.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowcheck.runners.request import Progress

SECONDS_BETWEEN = 0.1


@contextmanager
def progress_bar(wanted: bool, color: str = "auto") -> Iterator[Callable[[Progress], None] | None]:
    """The callback for the runner, or None where nobody looks."""
    if not wanted:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(file=sys.stderr, no_color=True if color == "never" else None, markup=False, emoji=False)
    bar = Bar(
        TextColumn("{task.fields[phase]}", markup=False),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeRemainingColumn(compact=True),
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    task = bar.add_task("", total=None, phase="starting", rate="")
    drawn = 0.0
    judging_since: float | None = None

    def update(progress: Progress) -> None:
        nonlocal drawn, judging_since
        now = time.monotonic()
        if now - drawn < SECONDS_BETWEEN:
            return
        drawn = now
        done = progress.rows_done
        if done and judging_since is None:
            judging_since = now
        seconds = now - judging_since if judging_since is not None else 0.0
        bar.update(
            task,
            completed=done,
            total=progress.rows_total,
            phase=progress.phase,
            rate=f"{_short(done)} rows" + (f", {_short(round(done / seconds))}/s" if seconds > 1 else ""),
        )
        bar.refresh()

    with bar:
        yield update


def _short(count: int) -> str:
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return str(count)
