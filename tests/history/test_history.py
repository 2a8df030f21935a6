"""Snapshots of several times become versions; what no snapshot shows is known only roughly, and says so."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from flowcheck.errors import ManifestError, PolicyError
from flowcheck.model.timeline import ALWAYS, BEGINNING, END
from flowcheck.reading import load_cluster
from tests.history.timed import at, life, namespace, pod, policy, seen, slice_of, snapshot, stamp, thing


def test_the_same_content_is_one_version(tmp_path: Path) -> None:
    """It had it the whole span between; after the last snapshot nothing is sure."""
    for clock in ("10:00", "10:05", "10:10"):
        snapshot(tmp_path, clock, pod(started="09:00"))
    (only,) = seen(load_cluster(tmp_path))
    assert only.lifetime == life("09:00", END, "10:00", "10:10")


def test_other_content_is_another_version_with_a_rough_edge(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod(started="09:00"))
    snapshot(tmp_path, "10:05", pod(started="09:00", app="b"))
    first, second = seen(load_cluster(tmp_path))
    assert (first.labels, first.lifetime) == ({"app": "a"}, life("09:00", "10:05", "10:00", "10:00"))
    assert (second.labels, second.lifetime) == ({"app": "b"}, life("10:00", END, "10:05", "10:05"))
    assert (first.uid, second.uid) == ("uid-p", "uid-p")


def test_absent_from_a_snapshot_that_holds_its_kind(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod(started="09:00"), pod("q", "10.0.0.2"))
    snapshot(tmp_path, "10:05", pod(started="09:00"), pod("q", "10.0.0.2"))
    snapshot(tmp_path, "10:10", pod("q", "10.0.0.2"))
    cluster = load_cluster(tmp_path)
    assert seen(cluster)[0].lifetime == life("09:00", "10:10", "10:00", "10:05")
    assert seen(cluster, name="q")[0].lifetime.end == END


def test_an_object_without_times_began_after_the_snapshot_that_lacks_it(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod("q", "10.0.0.2"))
    snapshot(tmp_path, "10:05", pod("q", "10.0.0.2"), pod())
    cluster = load_cluster(tmp_path)
    assert seen(cluster)[0].lifetime == life("10:00", END, "10:05", "10:05")
    assert seen(cluster, name="q")[0].lifetime == life(BEGINNING, END, "10:00", "10:05")


def test_a_kind_that_was_not_asked_for_goes_on_with_a_warning(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod(), policy(created="08:00"))
    snapshot(tmp_path, "10:05", pod())
    cluster = load_cluster(tmp_path)
    assert seen(cluster, "policies", "n")[0].lifetime == life("08:00", END, "08:00", "10:00")
    assert f"no snapshot after {stamp('10:00')} holds any NetworkPolicy" in " ".join(cluster.warnings)


def test_a_kind_left_out_in_between_says_nothing(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod(), policy(created="08:00"))
    snapshot(tmp_path, "10:05", pod())
    snapshot(tmp_path, "10:10", pod(), policy(created="08:00"))
    cluster = load_cluster(tmp_path)
    assert seen(cluster, "policies", "n")[0].lifetime == life("08:00", END, "08:00", "10:10")
    assert not [sentence for sentence in cluster.warnings if "no snapshot" in sentence]


def test_a_snapshot_of_one_namespace_says_nothing_of_others(tmp_path: Path) -> None:
    """But two files of one time, or one file of two namespaces, speak for all they could have shown."""
    snapshot(tmp_path, "10:00", pod(), pod("q", "10.0.0.2", namespace="y"))
    snapshot(tmp_path, "10:05", pod())
    snapshot(tmp_path, "10:10", pod("r", "10.0.0.3"), pod("s", "10.0.0.4", namespace="z"))
    cluster = load_cluster(tmp_path)
    assert seen(cluster)[0].lifetime == life(BEGINNING, "10:10", "10:00", "10:05")
    assert seen(cluster, name="q")[0].lifetime == life(BEGINNING, "10:10", "10:00", "10:00")


def test_files_of_one_time_are_one_snapshot(tmp_path: Path) -> None:
    """The time of a folder counts for the files in it that tell none; policies are in a file of their own."""
    for clock, port in (("10:00", 80), ("10:05", 81)):
        folder = tmp_path / stamp(clock).replace(":", "-")
        folder.mkdir()
        snapshot(folder, "", pod())
        snapshot(folder, "", policy(port=port, created="08:00"), name="policies")
    cluster = load_cluster(tmp_path)
    assert len(cluster.pods) == 1
    first, second = seen(cluster, "policies", "n")
    assert first.lifetime == life("08:00", "10:05", "08:00", "10:00")
    assert second.lifetime == life("10:00", END, "10:05", "10:05")


def test_at_and_mtime_give_times_to_names_without(tmp_path: Path) -> None:
    snapshot(tmp_path, "", pod())
    path = tmp_path / "state.json"
    os.utime(path, (1_773_137_100, 1_773_137_100))
    for given in (at("10:05"), "mtime"):
        (only,) = load_cluster(path, at=given).pods
        assert only.lifetime == life(BEGINNING, END, "10:05", "10:05")
    snapshot(tmp_path, "10:00", pod())
    assert load_cluster(tmp_path, at=at("10:05")).pods[0].lifetime == life(BEGINNING, END, "10:00", "10:05")


def test_standard_input_has_no_modification_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ManifestError) as caught:
        load_cluster("-", at="mtime")
    assert "has no modification time" in caught.value.problems[0].message


def test_an_undated_dump_is_as_it_ever_was(tmp_path: Path) -> None:
    snapshot(tmp_path, "", pod(), policy(created="08:00"), namespace(created="07:00"), slice_of())
    cluster = load_cluster(tmp_path)
    for objects in (cluster.pods, cluster.policies, cluster.slices, cluster.nodes, cluster.services):
        assert all(one.lifetime == ALWAYS for one in objects)
    assert cluster.slices[0].name == "s-1"
    assert cluster.pods[0].namespace_labels is None


def test_undated_policies_hold_beside_dated_pods(tmp_path: Path) -> None:
    """No snapshot ends them: they are not from one."""
    snapshot(tmp_path, "10:00", pod(), policy("m"))
    snapshot(tmp_path, "10:05", pod(), policy("m"))
    snapshot(tmp_path, "", policy("n", created="10:01"), name="git")
    cluster = load_cluster(tmp_path)
    assert seen(cluster, "policies", "n")[0].lifetime == ALWAYS


def test_what_holds_for_all_times_cannot_be_otherwise_at_one(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod(), policy(port=81), policy("m", port=81))
    snapshot(tmp_path, "", policy(), policy("m"), name="git")
    with pytest.raises(PolicyError) as caught:
        load_cluster(tmp_path)
    (problem,) = caught.value.problems
    assert "git.json has no time, so what is in it holds for all times" in problem.message
    assert "--at" in problem.hint


def test_policies_beside_the_cluster_follow_the_rule_of_today(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    snapshot(tmp_path / "c", "10:00", pod(), policy())
    snapshot(tmp_path, "", policy(port=81), name="more")
    with pytest.raises(PolicyError) as caught:
        load_cluster(tmp_path / "c", policies=tmp_path / "more.json")
    assert "--replace-policies" in caught.value.problems[0].hint
    replaced = load_cluster(tmp_path / "c", policies=tmp_path / "more.json", replace_policies=True)
    assert [one.lifetime for one in replaced.policies] == [ALWAYS]
    assert load_cluster(
        tmp_path / "c", policies=tmp_path / "more.json", at=at("10:00"), replace_policies=True
    )


def test_twice_in_one_snapshot_is_a_problem_and_in_two_a_change(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", policy(), name="a")
    snapshot(tmp_path, "10:05", policy(port=81), name="a")
    assert len(load_cluster(tmp_path).policies) == 2
    snapshot(tmp_path, "10:05", policy(port=82), name="b")
    with pytest.raises(PolicyError, match="stands twice, with other content at"):
        load_cluster(tmp_path)


def test_a_bad_policy_of_any_time_stops_the_run(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", policy(port=0))
    snapshot(tmp_path, "10:05", policy(port=80))
    with pytest.raises(PolicyError) as caught:
        load_cluster(tmp_path)
    assert caught.value.problems[0].where.startswith(f"{tmp_path}/state-{stamp('10:00')}.json:1")


def test_a_new_object_of_an_old_name_ends_the_old_one(tmp_path: Path) -> None:
    """By uid, even if it says the same."""
    snapshot(tmp_path, "10:00", pod("db-0", "10.0.0.1", "09:00", uid="1"), policy(uid="1", created="08:00"))
    snapshot(tmp_path, "10:05", pod("db-0", "10.0.0.1", "10:02", uid="2"), policy(uid="2", created="10:03"))
    cluster = load_cluster(tmp_path)
    old, new = seen(cluster, name="db-0")
    assert (old.uid, old.lifetime) == ("1", life("09:00", "10:02", "10:00", "10:00"))
    assert (new.uid, new.lifetime) == ("2", life("10:02", END, "10:05", "10:05"))
    old_policy, new_policy = seen(cluster, "policies", "n")
    assert old_policy.lifetime == life("08:00", "10:03", "08:00", "10:00")
    assert new_policy.lifetime == life("10:03", END, "10:03", "10:05")


def test_an_object_that_comes_back_under_its_uid_was_never_away(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod(), pod("q", "10.0.0.2"))
    snapshot(tmp_path, "10:05", pod("q", "10.0.0.2"))
    snapshot(tmp_path, "10:10", pod(), pod("q", "10.0.0.2"))
    (only,) = seen(load_cluster(tmp_path))
    assert only.lifetime == life(BEGINNING, END, "10:00", "10:10")


def test_without_a_uid_it_went_and_came(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", policy(), policy("m"))
    snapshot(tmp_path, "10:05", policy("m"))
    snapshot(tmp_path, "10:10", policy(), policy("m"))
    first, second = seen(load_cluster(tmp_path), "policies", "n")
    assert first.lifetime == life(BEGINNING, "10:05", "10:00", "10:00")
    assert second.lifetime == life("10:05", END, "10:10", "10:10")


def test_a_policy_that_was_rewritten_before_it_was_seen_is_not_sure_before(tmp_path: Path) -> None:
    """Its generation says so; managedFields say when."""
    written = [
        {"manager": "m", "time": stamp("09:30")},
        {"manager": "s", "time": stamp("09:50"), "subresource": "status"},
    ]
    snapshot(
        tmp_path,
        "10:00",
        policy("a", created="08:00", metadata={"generation": 1}),
        policy("b", created="08:00", metadata={"generation": 2}),
        policy("c", created="08:00", metadata={"generation": 2, "managedFields": written}),
    )
    cluster = load_cluster(tmp_path)
    sure = {one.name: one.lifetime.sure_start for one in cluster.policies}
    assert sure == {"a": at("08:00"), "b": at("10:00"), "c": at("09:30")}
    assert {one.lifetime.start for one in cluster.policies} == {at("08:00")}


def test_managed_fields_tell_the_instant_of_a_change(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", policy())
    written = {"managedFields": [{"manager": "m", "time": stamp("10:02")}]}
    snapshot(tmp_path, "10:05", policy(port=81, metadata=written))
    first, second = seen(load_cluster(tmp_path), "policies", "n")
    assert (first.lifetime.end, first.lifetime.sure_end) == (at("10:02"), at("10:02"))
    assert (second.lifetime.start, second.lifetime.sure_start) == (at("10:02"), at("10:02"))


def test_a_change_of_a_namespace_splits_its_pods(tmp_path: Path) -> None:
    name = {"kubernetes.io/metadata.name": "x"}
    for clock, team in (("10:00", "a"), ("10:05", "b")):
        snapshot(tmp_path, clock, pod(started="09:00"), namespace(labels={"team": team}), policy())
    cluster = load_cluster(tmp_path)
    first, second = seen(cluster)
    assert first.namespace_labels == {"team": "a", **name}
    assert first.lifetime == life("09:00", "10:05", "10:00", "10:00")
    assert second.namespace_labels == {"team": "b", **name}
    assert second.lifetime == life("10:00", END, "10:05", "10:05")
    assert cluster.namespaces["x"].labels == {"team": "b", **name}


def test_a_pod_of_one_namespace_is_not_split_by_another(tmp_path: Path) -> None:
    for clock, team in (("10:00", "a"), ("10:05", "b")):
        snapshot(tmp_path, clock, pod(), namespace("y", labels={"team": team}), namespace("x"))
    (only,) = seen(load_cluster(tmp_path))
    assert only.namespace_labels is None


REDIRECTED = {"annotations": {"ambient.istio.io/redirection": "enabled"}}


def test_a_pod_that_comes_into_a_mesh_has_two_versions(tmp_path: Path) -> None:
    for clock, meta in (("10:00", {}), ("10:05", REDIRECTED)):
        snapshot(tmp_path, clock, pod(started="09:00", metadata=meta), policy())
    first, second = seen(load_cluster(tmp_path))
    assert (first.mesh, second.mesh is not None) == (None, True)
    assert second.lifetime == life("10:00", END, "10:05", "10:05")


def test_a_pod_that_was_not_started_yet_is_the_one_in_the_mesh(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod(ip="", status={"phase": "Pending"}), policy())
    snapshot(tmp_path, "10:05", pod(metadata=REDIRECTED), policy())
    (only,) = seen(load_cluster(tmp_path))
    assert only.mesh is not None


def test_slices_alone_give_a_history(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", slice_of("s-1", "10.0.0.1", created="08:00"))
    snapshot(tmp_path, "10:05", slice_of("s-1", "10.0.0.2", created="08:00"))
    first, second = seen(load_cluster(tmp_path), "slices", "s-1")
    assert first.lifetime == life("08:00", "10:05", "08:00", "10:00")
    assert [one.address for one in second.backends] == ["10.0.0.2"]
    assert second.lifetime == life("10:00", END, "10:05", "10:05")


def test_subsets_of_an_endpoints_object_have_names_of_their_own(tmp_path: Path) -> None:
    subsets = [
        {"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]},
        {"addresses": [{"ip": "10.0.0.2"}], "ports": [{"port": 81}]},
    ]
    snapshot(tmp_path, "", thing("Endpoints", "s", "v1", subsets=subsets))
    assert [one.name for one in load_cluster(tmp_path).slices] == ["s[0]", "s[1]"]


def test_a_controller_of_any_time_names_its_pods(tmp_path: Path) -> None:
    owned = {"ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "controller": True}]}
    owner = {"ownerReferences": [{"kind": "Deployment", "name": "web", "controller": True}]}
    spec = {"template": {"metadata": {"labels": {"app": "t"}}}}
    deployment = thing("Deployment", "web", "apps/v1", spec=spec)
    replica_set = thing("ReplicaSet", "web-1", "apps/v1", metadata=owner)
    other = thing("Deployment", "other", "apps/v1", spec=spec)
    snapshot(tmp_path, "10:00", pod(metadata=owned), deployment, replica_set, other)
    snapshot(tmp_path, "10:05", pod("q", "10.0.0.2"), other)
    cluster = load_cluster(tmp_path)
    assert [str(one.workload) for one in seen(cluster)] == ["x/Deployment/web"]
    assert [one.name for one in cluster.pods if one.template] == ["other"]


def test_nodes_have_versions_and_a_shared_address_its_times(tmp_path: Path) -> None:
    def node(name: str, ip: str) -> dict[str, object]:
        status = {"addresses": [{"type": "InternalIP", "address": ip}]}
        return thing("Node", name, "v1", namespace=None, status=status, created="08:00")

    spec = {"nodeName": "told"}
    snapshot(tmp_path, "10:00", node("n", "10.9.0.1"), pod(spec=spec, status={"hostIP": "10.9.0.7"}))
    snapshot(tmp_path, "10:05", node("n", "10.9.0.2"), pod("q", "10.0.0.2"))
    snapshot(
        tmp_path,
        "10:10",
        node("n", "10.9.0.2"),
        pod("r", "10.0.0.3", "10:08", spec={"nodeName": "later"}, status={"hostIP": "10.9.0.7"}),
    )
    cluster = load_cluster(tmp_path)
    assert [one.addresses for one in seen(cluster, "nodes", "n")] == [("10.9.0.1",), ("10.9.0.2",)]
    assert seen(cluster, "nodes", "n")[1].lifetime == life("10:00", END, "10:05", "10:10")
    assert seen(cluster, "nodes", "told")[0].lifetime.end == at("10:05")
    assert seen(cluster, "nodes", "later")[0].lifetime.start == at("10:08")


def test_a_policy_is_remarked_on_once(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod(namespace="y"), policy())
    snapshot(tmp_path, "10:05", pod(namespace="y"), policy(port=81))
    assert len([one for one in load_cluster(tmp_path).warnings if "no pods" in one]) == 1


def test_the_order_of_the_inputs_does_not_matter(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod(started="09:00"), name="b")
    snapshot(tmp_path, "10:05", pod(started="09:00", app="b"), name="a")
    snapshot(tmp_path, "10:10", pod(started="09:00", app="b"), name="c")
    paths = sorted(tmp_path.iterdir())
    lifetimes = [
        [one.lifetime for one in seen(load_cluster(order))] for order in (paths, list(reversed(paths)))
    ]
    assert lifetimes[0] == lifetimes[1]
    assert lifetimes[0][1] == life("10:00", END, "10:05", "10:10")


def test_yaml_snapshots_are_read_as_well(tmp_path: Path) -> None:
    for clock, app in (("10:00", "a"), ("10:05", "b")):
        name = stamp(clock).replace(":", "").replace("-", "")
        (tmp_path / f"{name}.yaml").write_text(
            f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p, labels: {{app: {app}}}}}\n"
            f"status: {{podIP: 10.0.0.1, startTime: 2026-03-10T09:00:00Z}}\n"
        )
    assert [one.lifetime.start for one in seen(load_cluster(tmp_path))] == [at("09:00"), at("10:00")]


def test_a_time_that_is_none_is_a_located_problem(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(pod(status={"startTime": "soon"}), indent=1))
    with pytest.raises(ManifestError) as caught:
        load_cluster(tmp_path)
    assert "is not a time" in caught.value.problems[0].message
    assert caught.value.problems[0].where.endswith("status.startTime")


def test_the_same_text_is_read_once(tmp_path: Path) -> None:
    """So what is odd about a policy is said once; the same text of another object is another."""
    odd = policy()
    odd["spec"]["egress"] = [{}]
    odd["spec"]["policyTypes"] = ["Ingress"]
    for clock in ("10:00", "10:05", "10:10"):
        snapshot(tmp_path, clock, odd, pod(), pod("q", "10.0.0.2"))
    cluster = load_cluster(tmp_path)
    assert len([one for one in cluster.warnings if "have no effect" in one]) == 1
    assert seen(cluster, "policies", "n")[0].lifetime.sure_end == at("10:10")
    assert len(cluster.pods) == 2


def test_a_snapshot_of_an_earlier_time_that_is_read_later(tmp_path: Path) -> None:
    """The same text, but its pod was seen with its address before."""
    snapshot(tmp_path, "10:05", pod(started="09:00"), name="a")
    snapshot(tmp_path, "10:00", pod(started="09:00"), name="b")
    assert seen(load_cluster(tmp_path))[0].lifetime == life("09:00", END, "10:00", "10:05")
