"""Measures, tests and states on counts whose answers are known, and the identities that hold for all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck.arrays import Int64
from flowcheck.balance.assess.chance import adjust, drawn_p, exact_p, fit_rows, fit_shares
from flowcheck.balance.assess.clients import (
    ClientCounts,
    Clustering,
    cluster,
    count_against_affinity,
    heavy_clients,
    main_places,
    tabulate,
)
from flowcheck.balance.assess.states import Evidence, State, Why, decide, is_large, is_over_even
from flowcheck.balance.assess.time import over_time
from flowcheck.balance.count.measures import Float64, jain, measure, wilson_interval
from flowcheck.kernels.chance.contingency import longest_run
from flowcheck.model.options import Thresholds

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

SECOND = 1_000_000
COUNTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=12).filter(any)


def ints(*values: int) -> Int64:
    return np.array(values, dtype=np.int64)


def spread(counts: Int64, *weights: float) -> Float64:
    """What each should have had: by weight, or alike."""
    share = np.array(weights) / sum(weights) if weights else np.full(len(counts), 1 / len(counts))
    return counts.sum() * share


def state_of(counts: Int64, *weights: float, few_clients: bool = False) -> tuple[State, Why]:
    expected = spread(counts, *weights)
    p = fit_shares(counts, expected).p
    evidence = Evidence(int(counts.sum()), len(counts), measure(counts, expected), p, few_clients)
    return decide(evidence, Thresholds())


def test_a_skewed_service() -> None:
    counts = ints(600, 300, 100)
    found = measure(counts, spread(counts))
    assert found.peak_to_average == pytest.approx(1.8, rel=1e-12)
    assert found.cv == pytest.approx(0.38**0.5, rel=1e-12)
    assert found.jain == pytest.approx(1 / 1.38, rel=1e-12)
    assert found.effective == pytest.approx(1 / 0.46, rel=1e-12)
    assert found.gini == pytest.approx(1 / 3, rel=1e-12)
    assert found.entropy == pytest.approx(0.817345, abs=5e-7)
    assert found.misplaced == pytest.approx(4 / 15, rel=1e-12)
    fit = fit_shares(counts, spread(counts))
    assert fit == ("chi-square", pytest.approx(380, rel=1e-12), 2, pytest.approx(np.exp(-190), rel=1e-11))
    assert f"{fit.p:.3e}" == "3.048e-83"
    assert fit.statistic / fit.freedom == pytest.approx(190)
    assert state_of(counts) == (State.SKEWED, Why.NONE)


def test_an_even_service_is_over_even_and_no_fault() -> None:
    counts = ints(1000, 1000, 1000)
    found = measure(counts, spread(counts))
    fit = fit_shares(counts, spread(counts))
    assert (found.jain, found.cv, fit.statistic, fit.p) == (1, 0, 0, 1)
    assert found.gini == pytest.approx(0, abs=1e-12)
    assert is_over_even(fit)
    assert state_of(counts) == (State.BALANCED, Why.NONE)


def test_an_idle_endpoint() -> None:
    counts = ints(500, 500, 0)
    found = measure(counts, spread(counts))
    assert (found.jain, found.gini) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert found.entropy == pytest.approx(0.630930, abs=5e-7)
    fit = fit_shares(counts, spread(counts))
    assert fit.statistic == pytest.approx(500)
    assert f"{fit.p:.3e}" == "2.669e-109"
    without = ints(500, 500)
    assert measure(without, spread(without)).jain == 1
    assert fit_shares(without, spread(without)).statistic == 0


@pytest.mark.parametrize(("factor", "statistic", "p"), [(1, 1.4, 0.496585), (10, 14, 0.000912)])
def test_a_small_difference_is_no_alarm_however_sure(factor: int, statistic: float, p: float) -> None:
    counts = ints(350, 330, 320) * factor
    fit = fit_shares(counts, spread(counts))
    assert (fit.statistic, fit.p) == (pytest.approx(statistic), pytest.approx(p, abs=5e-7))
    assert measure(counts, spread(counts)).cv == pytest.approx(0.037417, abs=5e-7)
    assert state_of(counts) == (State.BALANCED, Why.NONE)


def test_weights() -> None:
    counts = ints(880, 120)
    fit = fit_shares(counts, spread(counts, 90, 10))
    assert (fit.statistic, fit.p) == (pytest.approx(40 / 9), pytest.approx(0.035015, abs=5e-7))
    assert exact_p(counts, spread(counts, 90, 10)) == pytest.approx(0.039608, abs=5e-7)
    low, high = wilson_interval(counts, 1000)
    assert (low[1], high[1]) == (pytest.approx(0.101299, abs=5e-7), pytest.approx(0.141609, abs=5e-7))


def test_many_connections_make_a_small_difference_sure_and_it_stays_small() -> None:
    counts = ints(8800, 1200)
    expected = spread(counts, 90, 10)
    assert f"{fit_shares(counts, expected).p:.3e}" == "2.617e-11"
    found = measure(counts, expected)
    assert found.misplaced == pytest.approx(0.02, rel=1e-12)
    assert not is_large(found, Thresholds())
    assert state_of(counts, 90, 10) == (State.BALANCED, Why.NONE)
    assert is_large(found, Thresholds(min_misplaced=0.01))


def test_an_exact_fit_to_weights() -> None:
    counts = ints(700, 300)
    fit = fit_shares(counts, spread(counts, 70, 30))
    assert fit.statistic == pytest.approx(0, abs=1e-12)
    assert fit.p == pytest.approx(1)


def test_one_endpoint_has_nothing_to_test() -> None:
    assert fit_shares(ints(9), spread(ints(9))) == ("none", 0, 0, 1)
    assert measure(ints(9), spread(ints(9))).entropy == 1


def test_few_connections_are_tested_exactly() -> None:
    fit = fit_shares(ints(1, 2, 0), spread(ints(1, 2, 0)))
    assert (fit.method, fit.p) == ("exact", pytest.approx(21 / 27, rel=1e-12))
    assert state_of(ints(1, 2, 0)) == (State.INSUFFICIENT, Why.FEW_CONNECTIONS)
    assert state_of(ints(13, 0, 0)) == (State.SKEWED, Why.NONE)


def test_more_than_can_be_listed_are_drawn_the_same_every_time() -> None:
    counts = np.array([3] * 40 + [0, 6])
    fit = fit_shares(counts, spread(counts))
    assert fit.method == "drawn"
    assert fit == fit_shares(counts, spread(counts))
    lopsided = np.array([60] + [2] * 40)
    assert 0 < drawn_p(lopsided, spread(lopsided)) < 2e-5


def test_small_cells_are_pooled_where_drawing_would_take_too_long() -> None:
    counts = ints(50_000, 50_000, 1, 2, 1, 9)
    weights = (50_000, 50_000, 2, 2, 2, 2)
    fit = fit_shares(counts, spread(counts, *weights))
    assert (fit.method, fit.freedom) == ("pooled", 2)
    assert fit.statistic == pytest.approx(25 / 8, rel=0.01)


def test_parts_whose_sums_are_given_cost_a_degree_of_freedom_each() -> None:
    counts = ints(60, 40, 500, 500)
    expected = np.array([50.0, 50.0, 500.0, 500.0])
    assert fit_shares(counts, expected, ints(0, 0, 1, 1)).freedom == 2
    assert fit_shares(counts, expected, ints(0, 0, 1, 1)).statistic == pytest.approx(4)
    assert fit_shares(ints(7, 3), np.array([7.0, 3.0]), ints(0, 1)).method == "none"


@given(COUNTS)
def test_identities(values: list[int]) -> None:
    counts = ints(*values)
    n, k = counts.sum(), len(counts)
    found = measure(counts, spread(counts))
    assert found.jain == pytest.approx(1 / (1 + found.cv**2), rel=1e-12)
    assert found.jain == pytest.approx(1 / (1 + found.statistic / n), rel=1e-12)
    assert found.jain == pytest.approx(float(jain(counts[None])[0]), rel=1e-9)
    assert found.effective == pytest.approx(k * found.jain, rel=1e-9)
    assert found.peak_to_average == pytest.approx(counts.max() / counts.mean(), rel=1e-12)
    assert 1 / k - 1e-12 <= found.jain <= 1
    assert -1e-12 <= found.gini <= (k - 1) / k + 1e-12
    assert -1e-12 <= found.entropy <= 1 + 1e-12
    assert 0 <= found.misplaced <= 1


@given(COUNTS, st.randoms())
def test_the_order_of_endpoints_does_not_matter(values: list[int], chosen: object) -> None:
    shuffled = list(values)
    chosen.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (measure(ints(*v), spread(ints(*v))) for v in (values, shuffled))
    assert one == pytest.approx(other, rel=1e-9, abs=1e-9)


@given(COUNTS, st.integers(2, 50))
def test_only_the_statistic_grows_with_the_number_of_connections(values: list[int], factor: int) -> None:
    counts = ints(*values)
    once, more = measure(counts, spread(counts)), measure(counts * factor, spread(counts * factor))
    assert more[:-1] == pytest.approx(once[:-1], rel=1e-9, abs=1e-9)
    assert more.statistic == pytest.approx(once.statistic * factor, rel=1e-9)


def naive_adjust(p: list[float]) -> list[float]:
    ranked = sorted(p)
    return [
        min(1.0, min(q * len(p) / (ranked.index(q) + ranked.count(q)) for q in p if q >= mine)) for mine in p
    ]


@given(st.lists(st.floats(0, 1), max_size=20))
def test_adjusted_p_values(p: list[float]) -> None:
    adjusted = adjust(np.array(p))
    assert adjusted.tolist() == pytest.approx(naive_adjust(p))
    assert (adjusted >= np.array(p)).all()


def test_one_sided_minutes_make_an_even_total() -> None:
    counts = np.array([[300, 0, 0], [0, 300, 0], [0, 0, 300]])
    found = over_time(counts[np.newaxis])
    assert jain(counts) == pytest.approx([1 / 3] * 3)
    assert found.fit[:3] == ("chi-square", pytest.approx(1800), 4)
    assert found.fit.p < 1e-300
    assert found.excess_cv == pytest.approx((1796 / 900) ** 0.5)
    assert (found.run, found.run_connections) == (1, 300)
    assert fit_shares(counts.sum(axis=0), spread(counts.sum(axis=0))).statistic == 0


def test_buckets_are_compared_inside_a_stratum_only() -> None:
    counts = np.array([[[50, 50, 0], [51, 49, 0]], [[0, 0, 100], [0, 0, 100]]])
    found = over_time(counts)
    assert found.fit.freedom == 1
    assert found.fit.p > 0.8


def test_thin_buckets_are_pooled_with_their_neighbours() -> None:
    thin = np.array([[1, 0], [0, 1]] * 60)
    assert fit_rows(thin).freedom == 11
    assert fit_rows(thin).p == pytest.approx(1)
    rare = np.column_stack([np.full((50, 2), 20), np.eye(50, 1, dtype=np.int64)])
    assert fit_rows(rare).p > 0.9


def naive_fit(counts: np.ndarray) -> tuple[float, int]:
    """Statistic and freedom with rows and columns pooled one after the other."""
    counts = counts[:, counts.sum(axis=0) > 0]
    columns = sorted(counts.T.tolist(), key=sum)
    while len(columns) > 1 and sum(columns[0]) < counts.sum() / (2 * counts.shape[1]):
        columns[0] = [x + y for x, y in zip(columns[0], columns.pop(1), strict=True)]
    if len(columns) < 2:
        return 0.0, 0
    table = np.array(columns).T
    pooled = [np.zeros(len(columns), dtype=np.int64)]
    least = 5 * table.sum() / table.sum(axis=0).min()
    for row in table:
        if pooled[-1].sum() >= least:
            pooled.append(np.zeros_like(row))
        pooled[-1] = pooled[-1] + row
    if len(pooled) > 1 and pooled[-1].sum() < least:
        last = pooled.pop()
        pooled[-1] = pooled[-1] + last
    table = np.array(pooled)
    freedom = (len(table) - 1) * (len(columns) - 1)
    if freedom == 0:
        return 0.0, 0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(((table - expected) ** 2 / expected).sum()), freedom


@given(
    st.integers(1, 5).flatmap(
        lambda k: st.lists(st.lists(st.integers(0, 40), min_size=k, max_size=k), min_size=1)
    )
)
def test_rows_and_columns_are_pooled_as_one_would_by_hand(rows: list[list[int]]) -> None:
    counts = np.array(rows)
    found = fit_rows(counts)
    statistic, freedom = naive_fit(counts) if counts.any() else (0.0, 0)
    assert (found.statistic, found.freedom) == (pytest.approx(statistic, rel=1e-12), freedom)


def test_the_longest_run_at_one_endpoint() -> None:
    rows = np.array([[5, 0], [9, 0], [0, 4], [0, 1], [0, 7], [0, 7], [0, 7]])
    assert longest_run(rows) == (3, 21)
    assert longest_run(np.insert(rows, 5, 0, axis=0)) == (3, 21)
    assert longest_run(np.array([[1, 1], [2, 3]])) == (0, 0)


def clients_of(*rows: tuple[int, int, int, float, float]) -> ClientCounts:
    """client, place, connections, first and last seen in seconds"""
    client, place, n, first, last = zip(*rows, strict=True)
    return ClientCounts(
        np.array(client, dtype=np.int32),
        ints(*place),
        ints(*n),
        *(ints(*(int(t * SECOND) for t in times)) for times in (first, last)),
    )


def test_affinity_makes_each_client_one_draw() -> None:
    clients = clients_of((1, 0, 1000, 0, 600), (2, 1, 1000, 0, 600), (3, 1, 1000, 0, 600))
    counts = main_places(clients, 3)
    assert counts.tolist() == [1, 2, 0]
    assert fit_shares(counts, spread(counts)).p == pytest.approx(21 / 27)
    assert state_of(counts, few_clients=True) == (State.INSUFFICIENT, Why.FEW_CLIENTS)
    assert count_against_affinity(clients, 10_800) == 0


@pytest.mark.parametrize(
    ("seen", "stray"), [(300, 1), (600 + 10_799, 1), (600 + 10_801, 0), (-10_799, 1), (-10_801, 0)]
)
def test_a_connection_that_affinity_should_have_sent_elsewhere(seen: float, stray: int) -> None:
    clients = clients_of((1, 0, 1000, 0, 600), (1, 1, 1, seen, seen), (2, 1, 1000, 0, 600))
    assert count_against_affinity(clients, 10_800) == stray


def test_places_that_were_not_always_usable_are_no_stray() -> None:
    assert count_against_affinity(clients_of((1, 0, 9, 0, 600), (1, -1, 5, 0, 600)), 10_800) == 0
    assert count_against_affinity(clients_of((1, -1, 5, 0, 600)), 10_800) == 0


def test_clients_that_go_everywhere_alike_count_as_independent() -> None:
    chosen = np.random.default_rng(4)
    table = chosen.multinomial(200, [0.5, 0.3, 0.2], size=30)
    assert cluster(table) == Clustering(False, 1.0)
    assert cluster(np.array([[600, 300, 100]])) == Clustering(False, 1.0)
    assert cluster(np.eye(3, dtype=np.int64)) == Clustering(False, 1.0)
    assert cluster(np.zeros((0, 3), dtype=np.int64)) == Clustering(False, 1.0)


def test_clients_that_stay_where_they_are_count_once_each() -> None:
    chosen = np.random.default_rng(4)
    stays = np.zeros((60, 3), dtype=np.int64)
    stays[np.arange(60), chosen.integers(3, size=60)] = 100
    assert cluster(stays) == Clustering(True, 100.0)
    mostly = stays + chosen.multinomial(10, [1 / 3] * 3, size=60)
    found = cluster(mostly)
    assert found.follows
    assert found.effect == pytest.approx(92, rel=0.1)


def test_a_table_of_clients_leaves_out_places_that_are_not_expected() -> None:
    clients = clients_of((7, 1, 2, 0, 0), (7, -1, 5, 0, 0), (8, -1, 9, 0, 0), (9, 0, 1, 0, 0))
    assert tabulate(clients, 2).tolist() == [[0, 2], [1, 0]]
    who, n = heavy_clients(clients, 2)
    assert (who.tolist(), n.tolist()) == ([8, 7], [9, 7])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=1, max_size=8))
def test_a_design_effect_is_never_below_one(rows: list[list[int]]) -> None:
    table = np.array(rows, dtype=np.int64)
    assert cluster(table[table.sum(axis=1) > 0]).effect >= 1
