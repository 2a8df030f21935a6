"""Who enforces policies, and how: what implementations of Kubernetes' own policies do differently.

A *switch* is one question that the APIs leave open, or that implementations answer otherwise than the APIs. A
*profile* is an implementation with its answer to each, and where that stands. A *view* is a cluster's: the
profile that was taken, why, and the answers that came of it. One file because each is made of the one
before.

Below them what engines have of their own: tiers, and the settings of agents. Source: Cilium v1.20
pkg/policy/types, pkg/option, pkg/labelsfilter; Calico v3.32 libcalico-go/lib/names, felix/calc TierLess and
PolKVLess.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from flowcheck.model.instants import span_text
from flowcheck.model.left_out import LeftOut
from flowcheck.model.tiers import Tier
from flowcheck.model.timeline import Lifetime


@dataclass(frozen=True, slots=True)
class Switch:
    """One question. ``name`` is the option's, with underscores; the first of ``values`` is what the APIs say,
    or what the upstream tests need. ``values`` empty: any text."""

    name: str
    values: tuple[str, ...]
    help: str

    @property
    def option(self) -> str:
        return "--" + self.name.replace("_", "-")


SWITCHES = (
    Switch("ipblock_matches_pods", ("yes", "no", "unknown"), "Whether an ipBlock matches pods."),
    Switch("ipblock_matches_nodes", ("yes", "no"), "Whether an ipBlock matches nodes."),
    Switch(
        "networks_match",
        ("inside", "pods", "nodes", "outside"),
        "What networks of a cluster-wide policy match: pods and nodes too (inside), one of them, or only "
        "what is outside.",
    ),
    Switch(
        "block_takes",
        ("address", "pod"),
        "What a block of addresses takes of a pod with two: the address inside, or both.",
    ),
    Switch(
        "nodes_peers",
        ("match", "refused", "closed"),
        "A rule with nodes: it matches them; the whole policy is refused; or an Accept is left out, and a "
        "Deny or Pass denies everything (closed).",
    ),
    Switch(
        "cluster_policies",
        ("enforced", "ignored"),
        "Whether ClusterNetworkPolicy, AdminNetworkPolicy and BaselineAdminNetworkPolicy are enforced.",
    ),
    Switch(
        "rule_types",
        ("listed", "all", "allow"),
        "A NetworkPolicy's rules of a direction that policyTypes leaves out: dead (listed); in force, and "
        "isolating (all); or only allowing.",
    ),
    Switch(
        "selector_labels",
        ("all", "identity"),
        "The labels that selectors of pods see: all, or those that are part of Cilium's identities.",
    ),
    Switch(
        "port_names",
        ("sidecars", "containers", "init", "unread"),
        "Which containers name ports: with native sidecars, without, or with all init containers; unread: a "
        "named port is all ports of its protocol.",
    ),
    Switch(
        "same_port_name",
        ("all", "first", "last"),
        "What a name stands for that one pod has several times.",
    ),
    Switch(
        "equal_priority",
        ("unknown", "name", "rules"),
        "Cluster-wide policies of one priority that disagree: unknown; by their names; or rule by rule, Deny "
        "before Accept before Pass.",
    ),
    Switch(
        "baseline_tier",
        ("direction", "pod"),
        "Which traffic of a pod that a NetworkPolicy selects the Baseline tier is not asked of: that of the "
        "policy's directions, or all.",
    ),
    Switch(
        "unselected_pods",
        ("allowed", "denied"),
        "What holds for pods that no policy selects; denied: strict mode.",
    ),
    Switch(
        "host_network_namespace",
        (),
        "The namespace that stands for nodes and pods on the host network: what selects it with "
        "namespaceSelector alone takes these.",
    ),
    Switch("own_node", ("allowed", "policy"), "What comes to a pod from its own node."),
    Switch("to_own_node", ("policy", "allowed"), "What goes from a pod to its own node."),
    Switch(
        "same_pod",
        ("allowed", "policy"),
        "What a pod sends to itself, at any of its addresses or through a Service: always allowed, or asked "
        "of its policies in both directions.",
    ),
    Switch("icmp", ("unknown", "policy"), "Protocols without ports that no rule admits (policy: denied)."),
    Switch(
        "node_devices",
        ("bridge", "gateway", "management", "told"),
        "Which addresses of a node's pod range are likely its tunnel's or bridge's: the first two (bridge), "
        "the second, the third, or only those that objects tell.",
    ),
    Switch(
        "node_dns",
        ("unknown", "backends"),
        "Flows to a DNS Service where a cache runs on the nodes: unknown, or judged at its backends.",
    ),
    Switch(
        "staged",
        ("ignored", "enforced"),
        "Staged policies: left out, as they are in force, or judged as if they were enforced.",
    ),
    Switch("enforced", ("yes", "no"), "Whether anything enforces policies."),
)
"""In the order of the documents."""

SWITCH_NAMES = tuple(switch.name for switch in SWITCHES)


@dataclass(frozen=True, slots=True)
class Setting:
    """A profile's answer. ``source``: where it stands (file or document, and what it says), or how it was
    found."""

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Profile:
    """An implementation: ``version`` is the one that was looked at. ``settings`` has every switch.
    ``remarks`` are what it does that no switch says, and that a verdict may hang on; ``notes`` are for the
    documents."""

    name: str
    title: str
    version: str
    settings: Mapping[str, Setting]
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineView:
    """``cni`` is the profile's name, ``title`` and ``version`` its own; ``because`` says why it was taken.
    ``switches`` has every switch with its value; ``chosen`` the names of those that a person set.
    ``release`` is what the cluster runs, empty where nothing tells; ``left_out`` are policies of others;
    ``names``: of which time a DNS map tells, where policies about names are read by one."""

    cni: str
    title: str
    version: str
    because: str
    switches: Mapping[str, str]
    chosen: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    release: str = ""
    names: Lifetime | None = None

    @property
    def enforces(self) -> bool:
        return self.switches["enforced"] == "yes"

    @property
    def answers(self) -> dict[str, str]:
        """All that was chosen or follows, for a record."""
        return {"cni": self.cni, **self.switches}

    @property
    def doubts(self) -> tuple[str, ...]:
        """The policies that are left out and may be in force: what is told without them is not complete."""
        return tuple(f"{one}, though they may be in force ({one.sign})" for one in self.left_out if one.sign)

    def told_of_names(self, instant: int) -> str:
        """How far what is known of DNS names reaches, if anything is, and whether to this instant."""
        if self.names is None:
            return ""
        outside = "" if self.names.possible(instant) else ", and not at this moment"
        return f"the DNS map tells of names {span_text(self.names.start, self.names.end)}{outside}"

    @property
    def sentence(self) -> str:
        """Who enforces policies, by which release, why that is thought, and what a person set otherwise."""
        nobody = "" if self.enforces else ", which enforces no policy"
        asked = [switch for switch in SWITCHES if switch.name in self.chosen]
        chosen = ", ".join(f"{switch.option} {self.switches[switch.name]}" for switch in asked)
        runs = f" while the cluster runs {self.release}" if self.release else ""
        if self.release == self.version:
            runs = ", which the cluster runs"
        by = f"{self.title}, by the rules of {self.version}{runs}{nobody} ({self.because})"
        return f"{by}, with {chosen}" if chosen else by


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


CALICO_TIERS = {
    "kube-admin": Tier("kube-admin", 1e3),
    "default": Tier("default", 1e6, denies=True),
    "kube-baseline": Tier("kube-baseline", 1e7),
}
"""Those that are always there, and keep their order and default."""
CALICO_LAST = sys.float_info.max
"""Where a tier without an order stands: after all that have one, before those of which there is no object."""


@dataclass(frozen=True, slots=True)
class CalicoSettings:
    """``version``: the release, major and minor. Since 3.32 policies of equal order are asked by name,
    namespace and kind, as one text; before, by name alone, to which the tier's name belongs."""

    version: tuple[int, int] = (3, 32)
