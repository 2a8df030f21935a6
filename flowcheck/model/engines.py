"""What policy engines add of their own: their tiers, and the settings of their agents.

Source: Cilium v1.20, pkg/policy/types (tiers), pkg/option (agent options), pkg/labelsfilter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flowcheck.model.tiers import Tier

CILIUM_ADMIN = Tier("Admin", 100, by_level=True)
CILIUM_NORMAL = Tier("Normal", 200, denies=True, asked_last=True, by_level=True)
CILIUM_BASELINE = Tier("Baseline", 250, by_level=True)
CILIUM_DEFAULT = Tier("Default", 255)

CiliumEnforcement = Literal["default", "always", "never"]


@dataclass(frozen=True, slots=True)
class CiliumSettings:
    """Options of a Cilium agent that change what policies mean, by the names of ConfigMap cilium-config.

    ``cidr_match_mode``: what blocks match beside the world, ``pods`` or ``nodes`` (policy-cidr-match-mode).
    ``enforcement``: enable-policy. ``localhost_allowed``: what comes from a pod's own node is let in where no
    rule speaks against it (allow-localhost other than ``policy``). ``host_firewall``: enable-host-firewall.
    ``node_selector_labels``: peers may be nodes by label (enable-node-selector-labels), by those labels that
    ``node_labels`` (node-labels) takes. ``labels``: patterns beside the default ones of labels that are part
    of a pod's identity (labels); others no selector sees. ``network_policies``, ``cilium_policies``,
    ``clusterwide_policies`` and ``cluster_network_policies``: the kinds that are enforced; the last is off by
    default (enable-k8s-cluster-network-policy), and taken to be on where nothing tells of the agent.
    ``dual_stack``: both enable-ipv4 and enable-ipv6. ``audit``: verdicts are logged only (policy-audit-mode).
    """

    cidr_match_mode: frozenset[str] = frozenset()
    enforcement: CiliumEnforcement = "default"
    localhost_allowed: bool = True
    host_firewall: bool = False
    node_selector_labels: bool = False
    node_labels: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    network_policies: bool = True
    cilium_policies: bool = True
    clusterwide_policies: bool = True
    cluster_network_policies: bool = True
    cluster_name: str = "default"
    dual_stack: bool = False
    audit: bool = False
