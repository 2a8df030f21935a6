"""By what a workload's pods are selected, and what is said where that selects others, or nothing does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flowcheck.compile import compile_program
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.labels import Operator, Requirement, Selector
from flowcheck.suggesting.telling import selector_text
from flowcheck.suggesting.units import Unit, Units
from tests.builders import make_cluster, make_pod, require, select


def units_of(*pods: Pod, **selectors: Selector) -> Units:
    found = {f"x/Deployment/{name}": selector for name, selector in selectors.items()}
    cluster: Cluster = replace(make_cluster(*pods), selectors=found)
    return Units(compile_program(cluster), cluster, lambda key: not key.startswith("hidden"))


def web(name: str, address: str, labels: str, **tweaks: object) -> Pod:
    return make_pod(name, address, labels=labels, workload="Deployment/web", **tweaks)


def one(units: Units) -> Unit:
    (unit,) = [unit for unit in units.all.values() if "x/Deployment/web" in unit.workloads]
    return unit


def test_the_selector_of_the_owner_comes_first() -> None:
    pods = web("a", "10.0.0.1", "app=web,team=x,pod-template-hash=1"), web("b", "10.0.0.2", "app=web,team=x")
    unit = one(units_of(*pods, web=select("app=web")))
    assert (selector_text(unit.as_peer), unit.others, unit.n_pods) == ("app=web", (), 2)


def test_without_one_it_is_what_the_labels_have_in_common_and_keep() -> None:
    first = web("a", "10.0.0.1", "app=web,pod-template-hash=1,app.kubernetes.io/version=1,zone=a,hidden=1")
    second = web("b", "10.0.0.2", "app=web,pod-template-hash=1,app.kubernetes.io/version=1,zone=b,hidden=1")
    assert selector_text(one(units_of(first, second)).as_peer) == "app=web"


def test_what_selects_others_gives_way_to_what_does_not() -> None:
    canary = make_pod("c", "10.0.0.3", labels="app=web,track=canary", workload="Deployment/canary")
    unit = one(units_of(web("a", "10.0.0.1", "app=web,track=stable"), canary, web=select("app=web")))
    assert (selector_text(unit.as_peer), unit.others) == ("app=web,track=stable", ())


def test_where_nothing_tells_them_apart_the_others_are_named() -> None:
    canary = make_pod("c", "10.0.0.3", labels="app=web,track=canary", workload="Deployment/canary")
    unit = one(units_of(web("a", "10.0.0.1", "app=web"), canary))
    assert unit.others == ("x/Deployment/canary",)


def test_workloads_with_the_same_labels_are_one() -> None:
    units = units_of(web("a", "10.0.0.1", "app=web"), make_pod("b", "10.0.0.2", labels="app=web"))
    assert [*units.all] == ["x/Deployment/web (+1)"]
    assert one(units).workloads == ("x/Deployment/web", "x/Pod/b")
    assert one(units).others == ()


@pytest.mark.parametrize("labels", ["", "pod-template-hash=1", "hidden=1"])
def test_labels_that_do_not_stay_select_nothing(labels: str) -> None:
    unit = one(units_of(web("a", "10.0.0.1", labels)))
    assert unit.selector is None
    assert selector_text(unit.as_peer) == "(all pods)"


def test_what_no_label_can_be_is_not_selected_by() -> None:
    pod = replace(web("a", "10.0.0.1", "app=web"), labels={"app": "web", "note": "it's\n- {}", "#": "x"})
    assert selector_text(one(units_of(pod)).as_peer) == "app=web"
    bad = Selector((Requirement("app", Operator.IN, frozenset({"a'b"})),))
    assert selector_text(
        one(units_of(replace(pod, labels={"app": "a'b", "tier": "t"}), web=bad)).as_peer
    ) == ("tier=t")


def test_a_selector_of_expressions_is_kept() -> None:
    owner = Selector(
        (*require("app", "In", "web", "www").requirements, *require("old", "DoesNotExist").requirements)
    )
    unit = one(units_of(web("a", "10.0.0.1", "app=web"), web=owner))
    assert selector_text(unit.as_peer) == "app in (web, www),!old"


def test_pods_on_the_host_and_finished_ones_take_no_part() -> None:
    pods = (
        web("a", "10.0.0.1", "app=web"),
        make_pod("h", "10.0.0.9", labels="app=web", host_network=True),
        make_pod("f", "10.0.0.8", labels="app=web", finished=True),
    )
    assert one(units_of(*pods)).others == ()
