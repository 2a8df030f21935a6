"""What each table adds up to, batch by batch: integers of Python's, which do not wrap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flowcheck.runners.verifying.tables.said import (
    Cell,
    Decided,
    Edges,
    FileRows,
    Hits,
    Load,
    PortSums,
    Said,
    Services,
    Violating,
)

DEFAULT_DENY = "default-deny"
DIRECTIONS = ("egress", "ingress", "mesh")
_PORT = ["namespace", "service", "port_name", "port", "protocol"]


class Sums:
    """The sums of one table: ``add`` each batch, then ask what it ``said``."""

    def __init__(self) -> None:
        self.rows = 0

    def add(self, batch: pa.Table) -> None:
        self.rows += batch.num_rows
        self._add(batch)

    def said(self) -> Said:
        raise NotImplementedError

    def _add(self, batch: pa.Table) -> None:
        raise NotImplementedError


class _Added:
    """Several sums for each key."""

    def __init__(self, n_sums: int) -> None:
        self._sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * n_sums)

    def add(self, key: Sequence[str], values: Sequence[int]) -> None:
        sums = self._sums[tuple(key)]
        for place, value in enumerate(values):
            sums[place] += value

    def sorted(self) -> Iterator[tuple[tuple[Any, ...], list[int]]]:
        yield from sorted(self._sums.items())


def _grouped(
    batch: pa.Table, keys: list[str], sums: list[tuple[str, str]]
) -> Iterator[tuple[list[str], list[int]]]:
    """Rows with equal keys as one, nulls as empty words and as 0; ``sums``: columns, and how they become
    one."""
    found = batch.group_by(keys).aggregate(sums)
    columns = [found.column(name).to_pylist() for name in keys]
    values = [found.column(f"{name}_{how}").to_pylist() for name, how in sums]
    for place in range(found.num_rows):
        words = ["" if column[place] is None else str(column[place]) for column in columns]
        yield words, [int(column[place] or 0) for column in values]


def _integers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.int64())


class EdgeSums(Sums):
    def __init__(self) -> None:
        super().__init__()
        self._cells, self._decided = _Added(3), _Added(2)
        self._times: list[int] = []

    def _add(self, batch: pa.Table) -> None:
        words = ["verdict", "reason", "observed"]
        amounts = [("records", "sum"), ("flow_count", "sum"), ("bytes", "sum")]
        for key, sums in _grouped(batch, words, amounts):
            self._cells.add(key, sums)
        for direction in DIRECTIONS:
            for (name,), sums in _grouped(batch, [f"{direction}_policy"], amounts[:2]):
                if name:
                    self._decided.add((direction, name), sums)
        for name, least in (("first_seen", "min"), ("last_seen", "max")):
            time = pc.min_max(_integers(batch.column(name)))[least].as_py()
            self._times += [] if time is None else [time]

    def said(self) -> Edges:
        cells = tuple(Cell(*key, *sums) for key, sums in self._cells.sorted())
        decided = tuple(Decided(*key, *sums) for key, sums in self._decided.sorted())
        first, last = min(self._times, default=None), max(self._times, default=None)
        return Edges(self.rows, cells, decided, first, last)


class HitSums(Sums):
    def __init__(self) -> None:
        super().__init__()
        self._decided = _Added(2)
        self._unused = self._open = 0

    def _add(self, batch: pa.Table) -> None:
        for row in batch.to_pylist():
            policy, rule, records = str(row["policy"]), str(row["rule"]), row["records"] or 0
            name = f"{DEFAULT_DENY} by {policy}" if rule == DEFAULT_DENY else f"{policy}[{rule}]"
            self._decided.add((str(row["direction"]), name), (records, row["flow_count"] or 0))
            if row["file"] and not records:
                self._open += bool(row["unknown_records"])
                self._unused += not row["unknown_records"]

    def said(self) -> Hits:
        decided = tuple(Decided(*key, *sums) for key, sums in self._decided.sorted())
        return Hits(self.rows, decided, self._unused, self._open)


class ViolationSums(Sums):
    def __init__(self) -> None:
        super().__init__()
        self._kinds = _Added(1)
        self._files: dict[str, FileRows] = {}

    def _add(self, batch: pa.Table) -> None:
        for key, sums in _grouped(batch, ["kind"], [("row", "count")]):
            self._kinds.add(key, sums)
        spans: list[tuple[str, str]] = [("row", "count"), ("row", "min"), ("row", "max")]
        for (file,), (rows, first, last) in _grouped(batch, ["source_file"], spans):
            known = self._files.get(file, FileRows(file, 0, first, last))
            self._files[file] = FileRows(
                file, known.rows + rows, min(known.first, first), max(known.last, last)
            )

    def said(self) -> Violating:
        kinds = {key[0]: sums[0] for key, sums in self._kinds.sorted()}
        return Violating(self.rows, kinds, tuple(self._files[name] for name in sorted(self._files)))


class _PortTable(Sums):
    def __init__(self, unlocated: bool) -> None:
        super().__init__()
        self._unlocated = unlocated
        self._ports = _Added(3)

    def _add(self, batch: pa.Table) -> None:
        amounts = [("connections", "sum"), ("bytes", "sum")]
        amounts += [("unlocated", "sum")] if self._unlocated else []
        for key, (connections, n_bytes, *rest) in _grouped(batch, _PORT, amounts):
            self._ports.add(key, (connections, sum(rest), n_bytes))

    def ports(self) -> tuple[PortSums, ...]:
        return tuple(PortSums(_port_name(key), *sums) for key, sums in self._ports.sorted())


def _port_name(key: Sequence[str]) -> str:
    namespace, service, name, port, protocol = key
    return f"{namespace}/{service}:{port}/{protocol}" + (f" ({name})" if name else "")


class ServiceSums(_PortTable):
    def __init__(self) -> None:
        super().__init__(unlocated=True)
        self._states = _Added(1)

    def _add(self, batch: pa.Table) -> None:
        super()._add(batch)
        for key, sums in _grouped(batch, ["state"], [("connections", "count")]):
            self._states.add(key, sums)

    def said(self) -> Services:
        return Services(self.rows, {key[0]: sums[0] for key, sums in self._states.sorted()}, self.ports())


class LoadSums(_PortTable):
    def __init__(self) -> None:
        super().__init__(unlocated=False)

    def said(self) -> Load:
        return Load(self.rows, self.ports())


SUMS: dict[str, Any] = {
    "edges.parquet": EdgeSums,
    "policy_hits.parquet": HitSums,
    "violations.parquet": ViolationSums,
    "services.parquet": ServiceSums,
    "load.parquet": LoadSums,
}
"""What adds up each file."""
