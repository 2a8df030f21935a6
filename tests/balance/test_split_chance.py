"""How often a split is called off target by chance alone, and found where it is: seeded simulations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from flowcheck.balance.split.counts import Seen
from flowcheck.balance.split.judge import Split, Verdict, decide, hold
from flowcheck.balance.split.phases import Phase
from flowcheck.balance.split.rules import Candidate
from flowcheck.model.options import Thresholds
from flowcheck.model.timeline import BEGINNING, END
from tests.balance.meshed import rule, virtual_service

RUNS = 300
MOST = 27
"""Of so many runs: chance alone has more below 0.05 once in a thousand times."""


def phase(weights: Sequence[int]) -> Phase:
    """One endpoint for each target."""
    one = rule(*((f"v{n}", weight) for n, weight in enumerate(weights)))
    return Phase(
        BEGINNING,
        END,
        Candidate(virtual_service(one), one),
        expected={(n,): weight / sum(weights) for n, weight in enumerate(weights)},
        group_of={n: (n,) for n in range(len(weights))},
    )


def seen(rng: np.random.Generator, counts: Sequence[int], clients: int = 40) -> Seen:
    """Each connection by any client."""
    by_client = {}
    for endpoint, number in enumerate(counts):
        for client, own in enumerate(rng.multinomial(number, [1 / clients] * clients).tolist()):
            if own:
                by_client[client, endpoint] = own
    return Seen(dict(enumerate(map(int, counts))), by_client, len(by_client), clients)


def is_off(split: Split) -> bool:
    return decide(split, split.p, Thresholds())[0] is Verdict.OFF_TARGET


@pytest.mark.parametrize("weights", [(90, 10), (99, 1), (50, 50), (80, 20), (70, 20, 10)])
@pytest.mark.parametrize("n", [30, 200, 1000])
def test_chance_alone_raises_no_more_alarms_than_alpha(weights: tuple[int, ...], n: int) -> None:
    rng, whole = np.random.default_rng(n * 1000 + weights[0]), phase(weights)
    shares = np.array(weights) / sum(weights)
    splits = [hold(whole, seen(rng, rng.multinomial(n, shares))) for _ in range(RUNS)]
    assert sum(split.p is not None and split.p < 0.05 for split in splits) <= MOST
    assert sum(map(is_off, splits)) <= MOST


@pytest.mark.parametrize(("n", "least"), [(100, 297), (200, 300)])
def test_a_canary_of_20_percent_that_gets_3_is_found(n: int, least: int) -> None:
    rng, whole = np.random.default_rng(n), phase((80, 20))
    off = sum(is_off(hold(whole, seen(rng, rng.multinomial(n, (0.97, 0.03))))) for _ in range(RUNS))
    assert off >= least


@pytest.mark.parametrize(("clients", "is_tested"), [(10, False), (40, True), (200, True)])
def test_connections_that_follow_their_clients_raise_no_more(clients: int, is_tested: bool) -> None:
    """Each client stays with the version that it drew, with five to forty connections."""
    rng, whole, splits = np.random.default_rng(clients), phase((80, 20)), []
    for _ in range(RUNS):
        drawn = (rng.random(clients) < 0.2).astype(int).tolist()
        by_client = {(c, version): int(rng.integers(5, 41)) for c, version in enumerate(drawn)}
        counts = {v: sum(n for (_, own), n in by_client.items() if own == v) for v in (0, 1)}
        splits.append(hold(whole, Seen(counts, by_client, len(by_client), clients)))
    assert all((split.p is not None) is is_tested for split in splits)
    assert sum(map(is_off, splits)) <= MOST
