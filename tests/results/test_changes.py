"""Which policies a rule would be added to: one a side, for the pods of this workload alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcheck.model.policy import Direction
from flowcheck.reading import load_cluster
from flowcheck.results.finding.changes import Change, Choices

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: %(name)s, namespace: shop, labels: {app: %(name)s}}
spec: {containers: [{name: c}]}
status: {phase: Running, podIP: 10.0.0.%(number)s}
---
"""
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: %s, namespace: shop}
spec: {podSelector: %s, policyTypes: [Ingress], ingress: %s}
---
"""
ONE, ALL, RULE = "{matchLabels: {app: web}}", "{}", "[{ports: [{port: 80}]}]"


@pytest.fixture
def choices(tmp_path: Path) -> Choices:
    policies = [("own", ONE, RULE), ("closed", ONE, "[]"), ("everyone", ALL, RULE), ("deny", ALL, "[]")]
    text = "".join(POD % {"name": name, "number": n} for n, name in enumerate(("web", "db"), 1))
    (tmp_path / "c.yaml").write_text(text + "".join(POLICY % policy for policy in policies))
    return Choices(load_cluster([tmp_path]))


def denied_by(*names: str) -> dict[Direction, list[str]]:
    return {Direction.INGRESS: [f"default-deny by NetworkPolicy/shop/{name}" for name in names]}


WEB = {"egress": "shop/Pod/db", "ingress": "shop/Pod/web"}


def test_the_one_with_rules_for_these_pods_alone(choices: Choices) -> None:
    deciders = denied_by("closed", "deny", "everyone", "own")
    assert choices.to_change(deciders, WEB) == Change(("NetworkPolicy/shop/own",), ())


def test_one_is_to_be_added_where_a_rule_would_be_for_others_too(choices: Choices) -> None:
    assert choices.to_change(denied_by("deny", "everyone"), WEB) == Change((), ("ingress",))


def test_none_for_the_pods_of_the_other_end(choices: Choices) -> None:
    other = {"egress": "shop/Pod/web", "ingress": "shop/Pod/db"}
    assert choices.to_change(denied_by("own"), other) == Change((), ("ingress",))


def test_each_side_that_denies_needs_its_own(choices: Choices) -> None:
    both = {Direction.EGRESS: ["default-deny by NetworkPolicy/shop/deny"], **denied_by("own", "deny")}
    assert choices.to_change(both, WEB) == Change(("NetworkPolicy/shop/own",), ("egress",))


def test_pods_with_the_same_labels_are_as_one(tmp_path: Path) -> None:
    """Nothing could select one of them without the other."""
    pods = POD % {"name": "web", "number": 1} + (POD % {"name": "web", "number": 2}).replace(
        "name: web,", "name: w2,", 1
    )
    (tmp_path / "c.yaml").write_text(pods + POLICY % ("own", ONE, RULE))
    found = Choices(load_cluster([tmp_path])).to_change(denied_by("own"), WEB)
    assert found == Change(("NetworkPolicy/shop/own",), ())


def test_a_rule_that_denies_is_to_be_changed_itself(choices: Choices) -> None:
    rule = "AdminNetworkPolicy/strict[ingress[0]]"
    assert choices.to_change({Direction.INGRESS: [rule]}, WEB) == Change((rule,), ())


def test_nothing_is_found_without_a_cluster() -> None:
    assert Choices(None).to_change(denied_by("own"), WEB) == Change((), ("ingress",))
