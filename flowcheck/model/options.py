"""The choices a policy language leaves to its implementation, and which side an audit takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

IpBlockMatchesPods = Literal["yes", "no", "unknown"]
Icmp = Literal["unknown", "policy"]


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
    cluster's own, beside the nodes' pod ranges: nobody known there is unresolved, never external.
    """

    ipblock_matches_pods: IpBlockMatchesPods = "yes"
    icmp: Icmp = "unknown"
    skew: int = 2_000_000
    policies_at: int | None = None
    cluster_ranges: tuple[str, ...] = ()
