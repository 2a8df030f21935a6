"""Which labels are part of an identity of Cilium's."""

from __future__ import annotations

import pytest

from flowcheck.engines.cilium.identities import CLUSTER, Identities
from flowcheck.model.labels import Operator, Requirement, Selector
from flowcheck.model.peers import AllOf, AnyOf, Labelled, Not, Of
from flowcheck.model.policy import PodQuery

NAMESPACE = "io.cilium.k8s.namespace.labels."
DEFAULT = Identities((), (), "west")


@pytest.mark.parametrize(
    "key",
    [
        "app",
        "app.kubernetes.io/name",
        "node.kubernetes.io/instance-type",
        "batch.kubernetes.io/job-name",
        "job-name",
        "helm.sh/chart",
        "my.annotation",
        "io.kubernetes.pod.namespace",
        f"{NAMESPACE}team",
        f"{NAMESPACE}kubernetes.io/metadata.name",
    ],
)
def test_labels_that_are(key: str) -> None:
    assert DEFAULT.has(key)


@pytest.mark.parametrize(
    "key",
    [
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-completion-index",
        "pod-template-hash",
        "pod-template-generation",
        "controller-revision-hash",
        "controller-uid",
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
        "k8s.io/x",
        "io.kubernetes.container",
        "annotation.x",
        "etcd_node",
        "beta.kubernetes.io/os",
        "my.beta.kubernetes.io/x",
        f"{NAMESPACE}beta.kubernetes.io/x",
    ],
)
def test_labels_that_are_not(key: str) -> None:
    assert not DEFAULT.has(key)


def test_the_longer_pattern_wins() -> None:
    chosen = Identities(("!foo", "foo.bar", "k8s:!x", "node:!y", "("), (), "west")
    said = {key: chosen.has(key) for key in ("foo", "foo.bar", "foo.baz", "x", "app", "(a")}
    assert said == {"foo": False, "foo.bar": True, "foo.baz": False, "x": False, "app": False, "(a": True}


def test_labels_of_nodes_have_patterns_of_their_own() -> None:
    assert DEFAULT.nodes_have("kubernetes.io/hostname")
    chosen = Identities((), ("kubernetes.io/hostname",), "west")
    assert chosen.nodes_have("kubernetes.io/hostname")
    assert not chosen.nodes_have("disk")


def test_clauses_about_others_are_settled() -> None:
    hash_, app = "pod-template-hash", Requirement("app", Operator.EXISTS)
    absent = Requirement(hash_, Operator.DOES_NOT_EXIST)
    query = PodQuery(namespace="a", pods=Selector((absent, app)))
    assert DEFAULT.query(query) == PodQuery(namespace="a", pods=Selector((app,)))
    what = AnyOf((Labelled(Of.OWN, absent), Not(Labelled(Of.OWN, Requirement(hash_, Operator.EXISTS)))))
    assert DEFAULT.expression(what) == AnyOf((AllOf(()), Not(AnyOf(()))))


@pytest.mark.parametrize(("name", "holds"), [("west", True), ("east", False)])
def test_the_cluster_is_known_by_its_name(name: str, holds: bool) -> None:
    clause = Requirement(CLUSTER, Operator.IN, frozenset({name}))
    constant: object = AllOf(()) if holds else AnyOf(())
    assert DEFAULT.expression(Labelled(Of.OWN, clause)) == constant
    assert DEFAULT.nodes(Selector((clause,))) == AllOf((constant,))
