"""Which network plugin is recognised by what, two at once, what nobody enforces, and how it is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flowcheck
from flowcheck.engines.profiles import apply, recognised
from flowcheck.errors import RunError
from flowcheck.model.options import Options
from tests.cli.run import flowcheck as command
from tests.engines.worlds import Json, base, cluster_policy, network_policy, pod, thing
from tests.tools.conformance import load_objects

WEB = pod("web", "n1", "10.4.1.1")
CLI = pod("cli", "n2", "10.4.2.1", namespace="lab")
CLOSED = network_policy("closed", "shop")


def daemon_set(name: str, namespace: str = "kube-system", *containers: Json) -> Json:
    spec = {"template": {"metadata": {"labels": {"k8s-app": name}}, "spec": {"containers": [*containers]}}}
    return thing("DaemonSet", name, namespace, "apps/v1", spec=spec)


def config_map(name: str) -> Json:
    return thing("ConfigMap", name, "kube-system", data={})


def crd(name: str) -> Json:
    return thing("CustomResourceDefinition", name, api="apiextensions.k8s.io/v1", spec={})


def cni_of(*objects: Json, cni: str = "auto", **given: str) -> tuple[str, str, tuple[str, ...]]:
    enforced = apply(load_objects([*base(), WEB, CLI, *objects]), Options(), cni, given)
    assert enforced.cluster.view is not None
    return enforced.cluster.view.cni, enforced.cluster.view.because, enforced.remarks


FLANNEL = daemon_set("kube-flannel-ds", "kube-flannel", {"name": "kube-flannel"})


@pytest.mark.parametrize(
    ("objects", "cni", "because"),
    [
        ([], "kubernetes", "no object tells which network plugin runs"),
        (
            [daemon_set("fluentd"), config_map("web")],
            "kubernetes",
            "no object tells which network plugin runs",
        ),
        ([daemon_set("cilium")], "cilium", "DaemonSet kube-system/cilium"),
        ([daemon_set("calico-node", "calico-system")], "calico", "DaemonSet calico-system/calico-node"),
        ([daemon_set("canal"), config_map("canal-config")], "calico", "DaemonSet kube-system/canal"),
        ([daemon_set("antrea-agent")], "antrea", "DaemonSet kube-system/antrea-agent"),
        ([daemon_set("ovnkube-node", "ovn-kubernetes")], "ovn", "DaemonSet ovn-kubernetes/ovnkube-node"),
        ([daemon_set("aws-node")], "aws", "DaemonSet kube-system/aws-node"),
        ([FLANNEL], "flannel", "DaemonSet kube-flannel/kube-flannel-ds"),
        ([config_map("antrea-config")], "antrea", "ConfigMap kube-system/antrea-config"),
        ([thing("CiliumEndpoint", "web", "shop", "cilium.io/v2")], "cilium", "CiliumEndpoint (cilium.io)"),
        (
            [crd("felixconfigurations.crd.projectcalico.org")],
            "calico",
            "CustomResourceDefinition felixconfigurations.crd.projectcalico.org",
        ),
        (
            [thing("IPPool", "pods", api="crd.projectcalico.org/v1", spec={"cidr": "10.4.0.0/16"})],
            "calico",
            "IPPool (crd.projectcalico.org)",
        ),
    ],
)
def test_a_plugin_is_recognised_by_the_clusters_own_objects(
    objects: list[Json], cni: str, because: str
) -> None:
    assert cni_of(*objects)[:2] == (cni, because)


def test_a_plugin_is_recognised_by_its_pods_too() -> None:
    owner = {"kind": "DaemonSet", "name": "cilium", "controller": True}
    agent = thing("Pod", "cilium-x", "kube-system", meta={"ownerReferences": [owner]}, spec={})
    assert recognised(load_objects([agent])).because == "DaemonSet kube-system/cilium"


def test_what_enforces_is_meant_where_another_gives_addresses() -> None:
    assert cni_of(daemon_set("aws-node"), daemon_set("calico-node"))[0] == "calico"
    assert cni_of(FLANNEL, daemon_set("cilium"))[0] == "cilium"
    assert cni_of(FLANNEL, crd("globalnetworkpolicies.crd.projectcalico.org"))[0] == "calico"


def test_of_two_engines_one_is_taken_and_the_other_named() -> None:
    cni, _, remarks = cni_of(daemon_set("cilium"), daemon_set("calico-node"))
    assert cni == "cilium"
    assert remarks == (
        "Calico is there too (DaemonSet kube-system/calico-node): Cilium is taken to enforce policies",
    )
    assert cni_of(daemon_set("cilium"), config_map("calico-config"))[2] == ()
    cni, _, remarks = cni_of(daemon_set("cilium"), daemon_set("calico-node"), cni="calico")
    assert (cni, remarks) == (
        "calico",
        ("Cilium seems to run (DaemonSet kube-system/cilium), but --cni calico was said",),
    )


@pytest.mark.parametrize(
    "beside",
    [
        daemon_set("kube-router"),
        daemon_set("kube-network-policies"),
        daemon_set(
            "kube-flannel-ds", "kube-flannel", {"name": "kube-flannel"}, {"name": "kube-network-policies"}
        ),
    ],
)
def test_flannel_with_a_policy_controller_enforces(beside: Json) -> None:
    objects = [beside] if beside["metadata"]["name"].startswith("kube-flannel") else [FLANNEL, beside]
    cni, because, remarks = cni_of(*objects)
    assert cni == "kubernetes"
    assert because.endswith("enforces policies beside Flannel")
    assert any("--cni flannel" in one for one in remarks)


def test_flannel_by_its_pods_alone_is_not_sure_to_enforce_nothing() -> None:
    owner = {"kind": "DaemonSet", "name": "kube-flannel-ds", "controller": True}
    agent = thing("Pod", "flannel-x", "kube-flannel", meta={"ownerReferences": [owner]}, spec={})
    cni, because, _ = cni_of(agent)
    assert (cni, "its DaemonSet is not given" in because) == ("kubernetes", True)


def test_flags_and_variables_of_agents_are_read() -> None:
    agent: Json = {
        "name": "aws-eks-nodeagent",
        "args": ["--enable-ipv6=false", "--enable-network-policy=false"],
    }
    off = load_objects([*base(), WEB, daemon_set("aws-node", "kube-system", agent)])
    assert apply(off, Options()).options.enforced is False
    strict = {"name": "aws-node", "env": [{"name": "NETWORK_POLICY_ENFORCING_MODE", "value": "strict"}]}
    view = apply(load_objects([WEB, daemon_set("aws-node", "kube-system", strict)]), Options()).cluster.view
    assert view is not None
    assert view.switches["unselected_pods"] == "denied"
    assert "NETWORK_POLICY_ENFORCING_MODE=strict" in view.because
    node = {"name": "ovn", "command": ["sh", "-c", "ovnkube --host-network-namespace=ovn-host-network --x"]}
    view = apply(load_objects([WEB, daemon_set("ovnkube-node", "ovn", node)]), Options()).cluster.view
    assert view is not None
    assert view.switches["host_network_namespace"] == "ovn-host-network"


def test_a_namespace_that_installers_make_stands_for_the_host_network_of_ovn() -> None:
    space = thing("Namespace", "openshift-host-network")
    node = daemon_set("ovnkube-node", "openshift-ovn-kubernetes")
    for objects, name in (([space, node], "openshift-host-network"), ([node], ""), ([space], "")):
        view = apply(load_objects([WEB, *objects]), Options()).cluster.view
        assert view is not None
        assert view.switches["host_network_namespace"] == name


def test_a_person_beats_the_cluster_and_the_profile() -> None:
    enforced = apply(load_objects([WEB, daemon_set("cilium")]), Options(), given={"own_node": "policy"})
    assert enforced.cluster.view is not None
    assert (
        enforced.cluster.view.sentence
        == "Cilium, by the rules of v1.20.2 (DaemonSet kube-system/cilium), with --own-node policy"
    )
    for cni, given in (("weave", {}), ("auto", {"icmp": "maybe"}), ("auto", {"icpm": "policy"})):
        with pytest.raises(RunError):
            apply(load_objects([WEB]), Options(), cni, given)


def test_a_cluster_is_seen_by_one_engine_only_once() -> None:
    once = apply(load_objects([*base(), WEB, CLI, CLOSED]), Options(), "cilium")
    again = apply(once.cluster, Options(), "kubernetes")
    assert (again.cluster, again.options) == (once.cluster, once.options)


def test_refused_and_ignored_policies_are_named() -> None:
    nodes = cluster_policy("a", egress=[{"action": "Accept", "to": [{"nodes": {}}]}])
    assert "enable-node-selector-labels is off" in cni_of(nodes, cni="cilium")[2][0]
    assert any("kind that is not enforced" in one for one in cni_of(nodes, cni="aws")[2])


# -- the whole way: an audit and an explanation ---------------------------------------------------------


def written(folder: Path, *objects: Json) -> tuple[Path, Path]:
    """A cluster, and two flows into a closed pod: one went through, one was stopped."""
    import pyarrow.parquet as pq

    cluster, flows = folder / "cluster.json", folder / "flows.parquet"
    items = [*base(), WEB, CLI, CLOSED, *objects]
    cluster.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    table = pa.table(
        {
            "start_time": pa.array([1_793_527_200_000_000] * 2, pa.timestamp("us", "UTC")),
            "src_ip": ["10.4.2.1"] * 2,
            "dst_ip": ["10.4.1.1"] * 2,
            "dst_port": pa.array([80, 81], pa.uint16()),
            "protocol": pa.array([6, 6], pa.uint8()),
            "action": pa.array([1, 2], pa.int8()),
        }
    )
    pq.write_table(table, flows)
    return cluster, flows


def audited(*objects: Json, folder: Path, **options: Any) -> Any:
    cluster, flows = written(folder, *objects)
    return flowcheck.audit(flows, cluster, **options)


@pytest.mark.usefixtures("forked_workers")
def test_where_nothing_enforces_what_went_through_is_expected(tmp_path: Path) -> None:
    summary = audited(FLANNEL, folder=tmp_path).summary
    assert (summary.verdicts.deny, summary.violations.records, summary.violations.expected) == (2, 0, 1)
    assert summary.options["cni"] == "flannel"
    assert "enforces no policy" in summary.engine
    said = " says it is Flannel, which enforces none: what they deny and went through is expected; say "
    assert any(said + "--enforced yes where something does" in one for one in summary.cluster.warnings)
    summary = audited(FLANNEL, folder=tmp_path, cni="kubernetes").summary
    assert (summary.violations.forwarded_denied, summary.violations.expected) == (1, 0)


@pytest.mark.usefixtures("forked_workers")
def test_the_command_line_the_environment_and_the_file_choose(tmp_path: Path) -> None:
    cluster, flows = written(tmp_path, FLANNEL)
    asked = ("audit", flows, "--cluster", cluster, "--no-cache")
    done = command(*asked)
    assert done.returncode == 0
    assert "policies are not enforced: 1 record denied" in done.stdout
    assert "Flannel, by the rules of v0.28.9, which enforces no policy" in " ".join(done.stdout.split())
    assert command(*asked, "--cni", "kubernetes").returncode == 1
    assert command(*asked, "--enforced", "yes").returncode == 1
    assert command(*asked, env={"FLOWCHECK_CNI": "calico"}).returncode == 1
    config = tmp_path / "flowcheck.yaml"
    config.write_text("enforced: yes\n")
    assert command(*asked, "--config", config).returncode == 1
    assert command(*asked, "--cni", "weave").returncode == 2


def test_an_explanation_says_whose_way_it_is(tmp_path: Path) -> None:
    cluster, _ = written(tmp_path, daemon_set("antrea-agent"))
    ends = ("--from", "lab/cli", "--to", "shop/web", "--port", "80")
    said = command("explain", "--cluster", cluster, *ends).stdout
    assert "Antrea, by the rules of v2.7.0 (DaemonSet kube-system/antrea-agent)" in said
    record = json.loads(command("explain", "--cluster", cluster, *ends, "-f", "json").stdout)
    assert (record["options"]["cni"], record["options"]["rule_types"]) == ("antrea", "all")


# -- engines that have code of their own ---------------------------------------------------------------


def test_an_engine_is_not_asked_for_what_it_cannot_be() -> None:
    cluster = load_objects([*base(), WEB, CLI, CLOSED])
    for cni, switch, value in (
        ("cilium", "rule_types", "listed"),
        ("cilium", "networks_match", "inside"),
        ("cilium", "icmp", "unknown"),
        ("calico", "equal_priority", "unknown"),
        ("calico", "baseline_tier", "pod"),
    ):
        with pytest.raises(RunError, match="cannot be set so"):
            apply(cluster, Options(), cni, {switch: value})
        apply(cluster, Options(), "kubernetes", {switch: value})
    assert apply(cluster, Options(), "calico", {"equal_priority": "name"}).cluster.view is not None
    modes = {"ipblock_matches_pods": "yes", "ipblock_matches_nodes": "yes", "networks_match": "inside"}
    assert apply(cluster, Options(), "cilium", modes).cluster.view is not None


def test_the_settings_of_an_agent_answer_switches_and_a_person_beats_them() -> None:
    data = {"policy-cidr-match-mode": "pods", "enable-policy": "always", "policy-audit-mode": "true"}
    config = {**config_map("cilium-config"), "data": data}
    cluster = load_objects([*base(), WEB, CLI, config])
    seen = apply(cluster, Options())
    view = seen.cluster.view
    assert view is not None
    assert (view.cni, view.switches["ipblock_matches_pods"], view.switches["networks_match"]) == (
        "cilium",
        "yes",
        "pods",
    )
    assert (view.switches["unselected_pods"], view.switches["enforced"]) == ("denied", "no")
    assert (seen.options.enforced, seen.options.own_node) == (False, "policy")
    said = apply(cluster, Options(), given={"ipblock_matches_pods": "no", "enforced": "yes"})
    assert said.cluster.view is not None
    assert (said.cluster.view.switches["networks_match"], said.options.enforced) == ("outside", True)


OWN = {"cilium": {"CiliumNetworkPolicy"}, "calico": {"GlobalNetworkPolicy"}, "antrea": set[str]()}


def test_policies_in_the_language_of_another_engine_are_left_out_and_counted() -> None:
    cilium = thing(
        "CiliumNetworkPolicy",
        "c",
        "shop",
        "cilium.io/v2",
        spec={"endpointSelector": {}, "ingress": [{"fromEntities": ["all"]}]},
    )
    calico = thing(
        "GlobalNetworkPolicy",
        "g",
        api="projectcalico.org/v3",
        spec={"selector": "all()", "types": ["Ingress"]},
    )
    staged = {**calico, "kind": "StagedGlobalNetworkPolicy"}
    objects = (cilium, calico, staged, CLOSED)
    for cni, titles in {"cilium": ["Calico"], "calico": ["Cilium"], "antrea": ["Cilium", "Calico"]}.items():
        remarks = cni_of(*objects, cni=cni)[2]
        assert [one.partition(":")[0] for one in remarks if "in the language" in one] == [
            f"1 policy in the language of {title} left out because of --cni {cni}" for title in titles
        ]
        kept = apply(load_objects([*base(), WEB, *objects]), Options(), cni, {}).cluster.policies
        assert {one.kind for one in kept} & {cilium["kind"], calico["kind"]} == OWN[cni]
    staged_ones = [one for one in cni_of(*objects, cni="calico")[2] if "staged" in one]
    assert staged_ones == [
        "1 staged policy left out, as not in force: --staged enforced judges as if they were"
    ]
    assert not [one for one in cni_of(*objects, cni="calico", staged="enforced")[2] if "staged" in one]
    cni, because, remarks = cni_of(*objects)
    assert (cni, because) == ("cilium", "CiliumNetworkPolicy (cilium.io)")
    assert any(
        one.startswith("Calico is there too (GlobalNetworkPolicy (projectcalico.org))") for one in remarks
    )


def agent_config(key: str, value: str) -> Json:
    return {**config_map("cilium-config"), "data": {key: value}}


@pytest.mark.parametrize(
    ("objects", "cni", "given", "who"),
    [
        (
            [FLANNEL],
            "auto",
            {},
            "DaemonSet kube-flannel/kube-flannel-ds, with --cni auto, says it is Flannel, ",
        ),
        ([], "flannel", {}, "--cni flannel says it is Flannel, which enforces none"),
        ([], "calico", {"enforced": "no"}, "--enforced no says"),
        (
            [agent_config("enable-policy", "never")],
            "auto",
            {},
            "ConfigMap cilium-config says (enable-policy: never)",
        ),
        (
            [agent_config("policy-audit-mode", "true")],
            "cilium",
            {},
            'ConfigMap cilium-config says (policy-audit-mode: "true")',
        ),
    ],
)
def test_who_says_that_nothing_enforces_policies(
    objects: list[Json], cni: str, given: dict[str, str], who: str
) -> None:
    (said,) = (
        one
        for one in apply(load_objects([*base(), WEB, *objects]), Options(), cni, given).remarks
        if one.startswith("nothing enforces policies here")
    )
    assert f"as {who}" in said
    assert "say --enforced yes where something does" in said


def agent(tag: str) -> Json:
    image = f"registry.example:5000/cilium/cilium{tag}"
    return daemon_set("cilium", "kube-system", {"name": "cilium-agent", "image": image})


@pytest.mark.parametrize(
    ("tag", "said", "warns"),
    [
        (":v1.20.2@sha256:" + "0" * 64, "v1.20.2, which the cluster runs (", False),
        (":v1.20.9", "v1.20.2 while the cluster runs v1.20.9 (", False),
        (":v1.17.4", "v1.20.2 while the cluster runs v1.17.4 (", True),
        (":latest", "v1.20.2 (", False),
        ("", "v1.20.2 (", False),
    ],
)
def test_the_release_that_runs_is_told_beside_the_one_that_is_judged_by(
    tag: str, said: str, warns: bool
) -> None:
    enforced = apply(load_objects([*base(), WEB, agent(tag), CLOSED]), Options())
    assert enforced.cluster.view is not None
    assert enforced.cluster.view.sentence.startswith(f"Cilium, by the rules of {said}")
    assert any("where releases differ" in one for one in enforced.remarks) is warns


def test_whose_policies_may_be_in_force_all_the_same() -> None:
    """Policies left from a plugin that is gone are nobody's; those of one that seems to run are not."""
    cilium = thing(
        *("CiliumNetworkPolicy", "c", "shop", "cilium.io/v2"), spec={"endpointSelector": {}, "ingress": [{}]}
    )
    calico = daemon_set("calico-node", "calico-system")

    def signs(*objects: Json, cni: str = "auto") -> list[str]:
        view = apply(load_objects([*base(), WEB, CLOSED, cilium, *objects]), Options(), cni).cluster.view
        assert view is not None
        return [one.sign for one in view.left_out]

    assert signs(calico) == [""]
    assert signs(calico, cni="calico") == [""]
    assert signs(cni="calico") == ["CiliumNetworkPolicy (cilium.io)"]
    assert signs(daemon_set("cilium"), calico, cni="calico") == ["DaemonSet kube-system/cilium"]
    assert signs(daemon_set("cilium")) == []
