"""What counting the load costs for each flow: python -m benchmarks.bench_load

Synthetic rows over a day, in the order of time as logs are, in batches of 65,536. Every pod talks to ten
Services, to some far more often. Prints nanoseconds for each row, of each step and of all with the growing of
tables; a first pass compiles and warms up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.load_power import make_flows, make_setting
from flowcheck import arrays as a
from flowcheck.kernels import load as kernels
from flowcheck.kernels.attribute import attribute
from flowcheck.results.load import LoadTable

N_ROWS, BATCH = 4_000_000, 65_536
DAY = 86_400_000_000
SIZES = {"30 Services, 150 pods": (30, 150), "200, 1,000": (200, 1000), "1,000, 5,000": (1000, 5000)}


class Input(NamedTuple):
    setting: a.LoadSetting
    flows: a.FlowArrays
    verdict: a.UInt8
    named: a.Int32


def make_input(n_services: int, n_clients: int, seed: int = 1) -> Input:
    chosen = np.random.default_rng(seed)
    setting = make_setting(np.full(n_services, 5), n_clients)
    client = (chosen.random(N_ROWS) ** 3 * n_clients).astype(np.int64)
    service = (client * 7 + (chosen.random(N_ROWS) ** 2 * 10).astype(np.int64) * 13) % n_services
    flows = make_flows(
        N_ROWS,
        src=(client + 5 * n_services).astype(np.int32),
        dst=(service * 5 + chosen.integers(5, size=N_ROWS)).astype(np.int32),
        port=service.astype(np.int32),
        bytes_=chosen.integers(10_000, size=N_ROWS),
        seen_at=np.sort(chosen.integers(DAY, size=N_ROWS)),
    )
    return Input(setting, flows, np.ones(N_ROWS, dtype=np.uint8), np.full(N_ROWS, -1, dtype=np.int32))


def batches(given: Input) -> list[tuple[Any, ...]]:
    def part(columns: Any, start: int) -> Any:
        return type(columns)(*(column[start : start + BATCH] for column in columns))

    return [
        (
            given.setting,
            part(given.flows, start),
            given.verdict[start : start + BATCH],
            given.named[start : start + BATCH],
        )
        for start in range(0, N_ROWS, BATCH)
    ]


def count_all(given: Input) -> LoadTable:
    table = LoadTable(len(given.setting.services.slot))
    for batch in batches(given):
        table.count(*batch)
    return table


def nanoseconds(work: Callable[[], Any], times: int = 3) -> float:
    """For each row, of the fastest of several runs."""
    best = float("inf")
    for _ in range(times):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best / N_ROWS * 1e9


def steps(given: Input, table: LoadTable) -> dict[str, float]:
    """Each kernel alone, at the levels the whole reached, into tables that need not grow."""
    setting, flows = given.setting, given.flows
    levels = table.entries().levels
    attributed = a.Attributed(
        np.zeros(N_ROWS, np.uint8), np.empty(N_ROWS, np.int32), np.empty(N_ROWS, np.int32)
    )
    totals = np.zeros(a.N_CLASSES, dtype=np.int64)
    places = np.zeros((len(setting.services.slot), 5, a.N_PLACES, 2), dtype=np.int64)

    def count() -> None:
        tables = [np.zeros((1 << 19, 8), dtype=np.int64) for _ in range(2)]
        kernels.count_rows(*tables, np.zeros(2, np.int64), levels, places, setting, flows, attributed, 0)

    return {
        "attribute": nanoseconds(
            lambda: attribute(setting, flows, given.verdict, given.named, attributed, totals)
        ),
        "count": nanoseconds(count),
    }


def main() -> None:
    for name, (n_services, n_clients) in SIZES.items():
        given = make_input(n_services, n_clients)
        table = count_all(given)
        whole = nanoseconds(lambda given=given: count_all(given))
        entries = table.entries()
        parts = ", ".join(f"{step} {ns:.1f}" for step, ns in steps(given, table).items())
        print(f"{name}: {whole:.0f} ns/row ({parts}); {len(entries.load):,} entries", end=", ")
        print(f"{len(entries.clients):,} of clients, levels {entries.levels.tolist()}")


if __name__ == "__main__":
    main()
