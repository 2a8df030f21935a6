"""Which policy a rule would be added to: one that is for the pods of this workload and for no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcheck.reading import load_cluster
from flowcheck.results.changes import Choices

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


def denied_by(*names: str) -> list[str]:
    return [f"default-deny by NetworkPolicy/shop/{name}" for name in names]


WEB = {"egress": "shop/Pod/db", "ingress": "shop/Pod/web"}


def test_the_one_with_rules_for_these_pods_alone(choices: Choices) -> None:
    deciders = denied_by("closed", "deny", "everyone", "own")
    assert choices.to_change(deciders, WEB) == ("NetworkPolicy/shop/own",)


def test_none_where_a_rule_would_be_for_others_too(choices: Choices) -> None:
    assert choices.to_change(denied_by("deny", "everyone"), WEB) == ()


def test_none_on_the_side_that_does_not_deny(choices: Choices) -> None:
    other = {"egress": "shop/Pod/web", "ingress": "shop/Pod/db"}
    assert choices.to_change(denied_by("own"), other) == ()


def test_a_rule_that_denies_is_to_be_changed_itself(choices: Choices) -> None:
    rule = "AdminNetworkPolicy/strict[ingress[0]]"
    assert choices.to_change([rule], WEB) == (rule,)


def test_nothing_without_a_cluster() -> None:
    assert Choices(None).to_change(denied_by("own"), WEB) == ()
