"""A cluster and the same with other policies, read together: as each is read by itself, but for the order of
what is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flowcheck.cli.flows.together import Together
from flowcheck.compile import compile_program
from flowcheck.errors import ManifestError
from flowcheck.model.cluster import Cluster
from flowcheck.reading import both, load_cluster
from tests.runners.worlds import POLICY, write_cluster

DATA = Path(__file__).parents[2] / "data"
UNNAMED = POLICY.replace("name: db-from-web, ", "")
WRONG = POLICY.replace("5432", "99999").replace("db-from-web", "wrong")
TWICE = POLICY.replace("5432", "22")
OTHER = POLICY.replace("db-from-web", "other")
CONSUL = "apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceIntentions\nmetadata: {name: a}\n"
POD = """
apiVersion: v1
kind: Pod
metadata: {name: late, namespace: shop, labels: {app: web}}
spec: {nodeName: a}
status: {podIP: 10.1.0.9, phase: Running}
"""


def said(cluster: Cluster) -> Cluster:
    return replace(
        cluster,
        warnings=tuple(sorted(cluster.warnings)),
        skipped=tuple(sorted(cluster.skipped, key=repr)),
        other_policies=tuple(sorted(cluster.other_policies, key=repr)),
        signs=tuple(sorted(cluster.signs)),
    )


def hold_together(cluster: Path, new: Path, *, keep_going: bool = False) -> list[Cluster]:
    """Each of both as it is by itself; returns the second, of --policies and of --apply."""
    found = []
    for applied in (False, True):
        before, after = both.load_both(
            [cluster], policies=[new], apply_policies=applied, keep_going=keep_going
        )
        alone = load_cluster(
            [cluster],
            policies=[new],
            replace_policies=not applied,
            apply_policies=applied,
            timeless_policies=True,
            keep_going=keep_going,
        )
        first = load_cluster([cluster], keep_going=keep_going)
        assert said(before) == said(first)
        assert said(after) == said(alone)
        assert before.policies == first.policies
        assert after.policies == alone.policies
        assert (before.inputs, after.inputs) == (first.inputs, alone.inputs)
        found.append(after)
    return found


@pytest.mark.parametrize("name", ["cluster", "cilium/cluster", "mesh/cluster", "history/cluster"])
def test_the_samples_are_as_they_are_by_themselves(name: str) -> None:
    """The last has times, so that each is read by itself."""
    of_all, of_some = hold_together(DATA / name, DATA / "change.yaml")
    before = load_cluster(DATA / name)
    assert compile_program(of_all).fingerprint != compile_program(before).fingerprint
    assert len(of_all.policies) < len(of_some.policies)
    assert of_all.pods == of_some.pods == before.pods


@pytest.mark.parametrize(
    ("inside", "given"),
    [
        ("", POLICY.replace("5432", "22")),
        (UNNAMED, POLICY),
        (f"{UNNAMED}---\n{POLICY.replace('db-from-web', 'third')}", UNNAMED),
        (CONSUL, POLICY + "---\n" + CONSUL),
        (POLICY, POLICY),
        (f"{OTHER}---\n{OTHER}", POLICY.replace("5432", "22")),
        (POD, POD.replace("app: web", "app: db")),
        ("a: log of something else\n", POLICY + "---\n" + POD),
    ],
)
def test_oddities_are_told_of_the_side_that_has_them(tmp_path: Path, inside: str, given: str) -> None:
    cluster, new = write_cluster(tmp_path / "cluster"), tmp_path / "new.yaml"
    (cluster / "more.yaml").write_text(inside)
    new.write_text(given)
    hold_together(cluster, new)


@pytest.mark.parametrize(("inside", "given"), [(WRONG, POLICY), (POLICY, WRONG), (TWICE, TWICE)])
def test_what_is_refused_is_so_on_its_side(tmp_path: Path, inside: str, given: str) -> None:
    cluster, new = write_cluster(tmp_path / "cluster"), tmp_path / "new.yaml"
    (cluster / "more.yaml").write_text(inside)
    new.write_text(given)
    hold_together(cluster, new, keep_going=True)
    with pytest.raises(ManifestError):
        both.load_both([cluster], policies=[new])


def test_the_cluster_is_read_once_where_both_are_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And by itself where the first is known from before."""
    cluster, new = write_cluster(tmp_path / "cluster"), tmp_path / "new.yaml"
    new.write_text(POLICY.replace("5432", "22"))
    how: dict[str, Any] = {"policies": [new], "replace_policies": True, "timeless_policies": True}
    alone = Together([new], apply=False).after([cluster], **how)
    together = Together([new], apply=False)
    before = together.before([cluster])
    monkeypatch.setattr("flowcheck.reading.load_cluster", None)
    after = together.after([cluster], **how)
    assert said(after) == said(alone)
    assert all(one is other for one, other in zip(before.pods, after.pods, strict=True))
