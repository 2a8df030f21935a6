"""The cluster as Cilium enforces its policies, and the options that go with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from flowcheck.engines.cilium.refused import remarks_on, why_not, without_hosts
from flowcheck.engines.cilium.view import View
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import CILIUM_DEFAULT, CILIUM_NORMAL, CiliumSettings
from flowcheck.model.labels import EVERYTHING
from flowcheck.model.options import Options
from flowcheck.model.peers import AnyOf, IsA, Kind, Where
from flowcheck.model.policy import Action, Direction, PodQuery, Policy, Rule
from flowcheck.model.verdict import Reason

_ALL_PODS = PodQuery(namespaces=EVERYTHING)
_PODS_AND_NODES = Where(AnyOf((IsA(Kind.POD), IsA(Kind.NODE))))
_NO_API_SERVER = (
    "no input tells where the API server is, so rules about kube-apiserver and cluster are unknown "
    f"({Reason.NO_SERVICE}) for whatever it may be: add kubectl get endpointslices -n default -o json"
)


def options(given: Options, settings: CiliumSettings) -> Options:
    """What is Cilium's of the questions that policies leave open."""
    return replace(
        given,
        own_node="policy",
        port_names="containers",
        same_port_name="last",
        icmp="policy",
        host_policies=settings.host_firewall,
    )


def enforced(cluster: Cluster, settings: CiliumSettings) -> Cluster:
    """The cluster with the policies that Cilium enforces, and what it says of the others."""
    if settings.enforcement == "never":
        warning = "Cilium enforces no policies: enable-policy is never"
        return replace(cluster, policies=(), warnings=(*cluster.warnings, warning))
    refused: dict[str, list[Policy]] = defaultdict(list)
    kept: list[Policy] = []
    for policy in cluster.policies if settings.host_firewall else map(without_hosts, cluster.policies):
        if why := why_not(policy, settings):
            refused[why].append(policy)
        elif policy.ingress or policy.egress or policy.isolates:
            kept.append(policy)
    remarks = list(remarks_on(refused))
    if settings.audit:
        remarks.append("Cilium drops nothing: policy-audit-mode is on, so verdicts say what it would drop")
    view = View(settings, kept, cluster)
    if view.misses_api_server:
        remarks.append(_NO_API_SERVER)
    return replace(
        cluster,
        policies=(*(view.policy(one) for one in kept), *_own_policies(settings)),
        warnings=(*cluster.warnings, *remarks),
    )


def _own_policies(settings: CiliumSettings) -> Iterator[Policy]:
    """What holds without any policy."""
    if settings.localhost_allowed:
        rule = Rule("allow-localhost", Action.ALLOW, (Where(IsA(Kind.OWN_NODE)),))
        yield Policy("Cilium", "", "allow-localhost", CILIUM_DEFAULT, _ALL_PODS, ingress=(rule,))
    if settings.enforcement == "always":
        whom = _PODS_AND_NODES if settings.host_firewall else _ALL_PODS
        yield Policy("Cilium", "", "enable-policy", CILIUM_NORMAL, whom, isolates=frozenset(Direction))
