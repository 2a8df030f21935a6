"""The result of counting: the records of all Services, and what is to be known to read them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa

from flowcheck.balance.tell.records import ServiceLoad
from flowcheck.balance.tell.tables import load_table
from flowcheck.model.options import Thresholds
from flowcheck.outcome import Nothing, Shown, Tabular


@dataclass(frozen=True, slots=True)
class LoadResult(Shown, Tabular):
    """The load of all Services, what to look at first in front. ``classes``: judged records by how they were
    attributed; they add up to all. ``warnings`` say what the numbers do not show, ``incomplete_because``
    what was left out, ``nothing`` why there are no numbers. ``print`` shows the report.
    """

    services: tuple[ServiceLoad, ...] = ()
    classes: dict[str, int] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=Thresholds)
    warnings: tuple[str, ...] = ()
    incomplete_because: tuple[str, ...] = ()
    nothing: Nothing | None = None

    def __repr__(self) -> str:
        states = Counter(str(service.state) for service in self.services)
        counts = "".join(f" {state}={count}" for state, count in sorted(states.items()))
        return f"<LoadResult service_ports={len(self.services)}{counts}>"

    def to_arrow(self) -> pa.Table:
        """One row for each endpoint of each Service port, as in load.parquet."""
        return load_table(self.services)
