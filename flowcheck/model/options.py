"""What a person may choose: how to read what policies leave open, and which load is worth an alarm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

IpBlockMatchesPods = Literal["yes", "no", "unknown"]
Icmp = Literal["unknown", "policy"]
OwnNode = Literal["allowed", "policy"]
SamePod = Literal["allowed", "policy"]
PortNames = Literal["containers", "sidecars", "init"]
SamePortName = Literal["all", "last"]
MeshIdentity = Literal["derived", "recorded"]


@dataclass(frozen=True, slots=True)
class Options:
    """Dialect options of one audit.

    ``ipblock_matches_pods``: whether a NetworkPolicy ``ipBlock`` matches pods by their address. ``yes`` is
    what the upstream conformance tests need (Calico, kube-network-policies); Cilium says ``no``;
    ``unknown`` gives no verdict where the answer depends on it.
    ``icmp``: what a NetworkPolicy says of a protocol that has no ports when no rule without ports
    admits it. The API leaves it undefined, hence ``unknown``; ``policy`` denies it, as Calico does.
    ``skew``: microseconds by which the clocks of the log and of the cluster may differ. ``policies_at``:
    judge every flow by the policies in force at this instant (microseconds since 1970; END: the latest);
    None: by those in force when the flow began. ``cluster_ranges``: CIDRs whose addresses are the
    cluster's own, beside those its objects tell: nobody known there is unresolved, never external. A range
    that is guessed from where known pods are gives way to one that overlaps it. ``assume_unchanged``: for so
    many microseconds after the last snapshot policies are taken to be as it shows them.
    ``own_node``: what comes to a pod from its own node is ``allowed`` whatever the policies say, or asked of
    them like all else; ``same_pod`` says the same of what a pod sends to itself. ``port_names``: which
    containers name ports: ``containers`` those of spec.containers, ``sidecars`` native sidecars too, ``init``
    all init containers too. ``same_port_name``: what a name stands for that a pod has several times: ``all``,
    or the ``last`` one's. ``staged``: judge as if policies that are only staged were in force.
    ``host_policies``: nodes are subjects of policies, too, as pods are. ``enforced``: something enforces
    policies; if not, it is no violation that what they deny went through.
    ``alternatives``: what rules of network policies decide also tells what would be decided without them.
    ``mesh_identity``: where no record tells whether a client in the mesh proved its identity, it did, as
    mutual TLS is automatic between proxies (``derived``); or that is open (``recorded``).
    ``max_table``: bytes that the decision table of one direction may take, with what it is made of; None:
    half of the machine's memory, and at least 2 GiB. It decides no verdict.
    """

    ipblock_matches_pods: IpBlockMatchesPods = "yes"
    icmp: Icmp = "unknown"
    skew: int = 2_000_000
    policies_at: int | None = None
    cluster_ranges: tuple[str, ...] = ()
    assume_unchanged: int = 0
    own_node: OwnNode = "allowed"
    same_pod: SamePod = "allowed"
    port_names: PortNames = "sidecars"
    same_port_name: SamePortName = "all"
    staged: bool = False
    host_policies: bool = False
    enforced: bool = True
    mesh_identity: MeshIdentity = "derived"
    max_table: int | None = None
    alternatives: bool = False


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When the load of a Service is worth an alarm.

    ``alpha``: how often chance alone may raise one, over all Services. ``min_misplaced``, ``min_cv``: effects
    worth it, either of which suffices. ``min_hot``: how many times its expectation a hot endpoint has.
    """

    alpha: float = 0.05
    min_misplaced: float = 0.05
    min_cv: float = 0.1
    min_hot: float = 1.5
