"""A small version of the simulations behind docs/load_power.md."""

from __future__ import annotations

import pytest

from benchmarks.load_power import PAGE, false_alarms, power, said_of, simulate
from benchmarks.spreading import SCHEDULERS, World, even_services

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

SAID = {
    "random, 10,000 connections": "balanced",
    "random, 60 known clients": "balanced",
    "random, 3 known clients": "balanced",
    "round robin": "balanced, over-even",
    "Maglev-like hash of every connection": "balanced",
    "hash of the client, 6 clients": "insufficient (few_clients)",
    "hash of the client, 300 clients": "balanced",
    "ClientIP affinity, 6 clients": "insufficient (few_clients)",
    "ClientIP affinity, 300 clients": "balanced",
    "random, one endpoint 20 % above the others' mean": "skewed",
    "random, 12 connections": "insufficient (few_connections)",
    "one endpoint at a time": "balanced, over-even, one-sided in time",
}


def test_even_services_raise_no_more_alarms_than_chance_is_allowed() -> None:
    said = false_alarms(400)
    assert 0.02 <= said["p below 0.05, not adjusted"] <= 0.09
    assert said["skewed"] <= said["p below 0.05, adjusted"] <= 0.005
    assert said["one-sided in time"] <= 0.005


def test_families_of_even_services_are_alarmed_as_often_as_alpha_says() -> None:
    """Of 40 families two are expected to have a false alarm; more than seven would be no chance."""
    alarmed = sum(any(s.significant for s in simulate(even_services(25, seed), seed)) for seed in range(40))
    assert alarmed <= 7


def test_a_skew_that_is_worth_an_alarm_is_found() -> None:
    assert power(100, 10_000, 0.5, 3) == (1, 1)
    told, called = power(100, 10_000, 0.1, 3)
    assert told == 1
    assert called == 0


@pytest.mark.parametrize("world", SCHEDULERS, ids=lambda world: world.name)
def test_every_way_to_spread_is_called_what_it_is(world: World) -> None:
    assert said_of(world, 12)[SAID[world.name]] >= 11


def test_the_page_is_there() -> None:
    text = PAGE.read_text()
    assert all(world.name in text for world in SCHEDULERS)
