"""Policies given beside a cluster: all there are, some in the place of their namesakes, or for all times."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcheck.errors import ManifestError
from flowcheck.model.cluster import Cluster
from flowcheck.model.timeline import ALWAYS
from flowcheck.reading import load_cluster
from flowcheck.results.diff.policies import compare_policies
from tests.runners.worlds import POLICY, write_cluster

OTHER = POLICY.replace("db-from-web", "other")
CALICO = """
apiVersion: {}/v3
kind: NetworkPolicy
metadata: {{name: db-from-web, namespace: shop}}
spec: {{selector: "app == 'db'", types: [Ingress], ingress: [{{action: {}}}]}}
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    folder = write_cluster(tmp_path / "cluster")
    (folder / "other.yaml").write_text(OTHER)
    return folder


def applied(cluster: Path, text: str, name: str = "new.yaml") -> Cluster:
    (cluster.parent / name).write_text(text)
    return load_cluster(cluster, policies=cluster.parent / name, apply_policies=True, timeless_policies=True)


def ports_of(cluster: Cluster) -> dict[str, str]:
    return {policy.name: str(policy.ingress[0].ports) for policy in cluster.policies}


def test_a_namesake_gives_way_and_others_stay(cluster: Path) -> None:
    before = load_cluster(cluster)
    after = applied(cluster, POLICY.replace("5432", "22"))
    changes = compare_policies(before, after)
    assert changes.changed == ("NetworkPolicy/shop/db-from-web",)
    assert (changes.added, changes.removed, changes.same) == ((), (), 1)
    assert ports_of(before)["other"] == ports_of(after)["other"]


def test_the_same_of_another_namespace_or_kind_is_another(cluster: Path) -> None:
    elsewhere = applied(cluster, POLICY.replace("namespace: shop", "namespace: pay"))
    assert sorted(f"{one.namespace}/{one.name}" for one in elsewhere.policies) == [
        "pay/db-from-web",
        "shop/db-from-web",
        "shop/other",
    ]
    assert len(applied(cluster, CALICO.format("projectcalico.org", "Allow")).policies) == 3


def test_a_policy_of_calico_is_one_however_it_is_stored(cluster: Path) -> None:
    (cluster / "calico.yaml").write_text(CALICO.format("crd.projectcalico.org", "Allow"))
    after = applied(cluster, CALICO.format("projectcalico.org", "Deny"))
    assert len(after.policies) == 3


def test_twice_in_what_is_given_is_refused(cluster: Path) -> None:
    with pytest.raises(ManifestError):
        applied(cluster, POLICY + "---\n" + POLICY.replace("5432", "22"))


def test_they_hold_for_all_times_if_that_is_asked(cluster: Path) -> None:
    name = "new-2026-11-20T10:00:00Z.yaml"
    lasting = {one.name: one.lifetime for one in applied(cluster, POLICY, name).policies}
    assert lasting["db-from-web"] == ALWAYS
    dated = load_cluster(cluster, policies=cluster.parent / name, replace_policies=True)
    assert [one.lifetime == ALWAYS for one in dated.policies] == [False]


def test_where_a_policy_is_written_is_no_change(cluster: Path) -> None:
    moved = applied(cluster, "# another line\n" + POLICY)
    assert compare_policies(load_cluster(cluster), moved).same == 2
