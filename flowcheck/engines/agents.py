"""Switches and the settings of engines that have code of their own: what one says in the words of the other.

Such an engine answers most questions in one way whatever its settings are; to ask it for another is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from flowcheck.errors import RunError
from flowcheck.model.engines import SWITCHES, CiliumSettings, Profile

ANY = ("same_pod", "node_devices", "node_dns", "enforced", "staged")
"""Switches that no engine's code has a say in."""
CAN_BE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "cilium": {
        "ipblock_matches_pods": ("yes", "no"),
        "ipblock_matches_nodes": ("yes", "no"),
        "nodes_peers": ("match", "refused"),
        "cluster_policies": ("enforced", "ignored"),
        "unselected_pods": ("allowed", "denied"),
        "own_node": ("allowed", "policy"),
    },
    "calico": {
        "ipblock_matches_pods": ("yes", "no", "unknown"),
        "ipblock_matches_nodes": ("yes", "no"),
        "networks_match": ("inside", "pods", "nodes", "outside"),
        "block_takes": ("address", "pod"),
        "cluster_policies": ("enforced", "ignored"),
        "rule_types": ("listed", "all", "allow"),
        "port_names": ("sidecars", "containers", "init", "unread"),
        "same_port_name": ("all", "first", "last"),
        "host_network_namespace": (),
        "own_node": ("allowed", "policy"),
        "icmp": ("unknown", "policy"),
    },
}
"""By engine and switch: what it can be set to, or how its input can be taken otherwise; no values: any."""


def told_by(settings: CiliumSettings) -> Iterator[tuple[str, str]]:
    """The switches that an agent's settings answer otherwise than its defaults."""
    for what in ("pods", "nodes"):
        if what in settings.cidr_match_mode:
            yield f"ipblock_matches_{what}", "yes"
    if settings.node_selector_labels:
        yield "nodes_peers", "match"
    if not settings.cluster_network_policies:
        yield "cluster_policies", "ignored"
    if settings.enforcement == "always":
        yield "unselected_pods", "denied"
    if not settings.localhost_allowed:
        yield "own_node", "policy"
    if settings.enforcement == "never" or settings.audit:
        yield "enforced", "no"


def why_not(settings: CiliumSettings | None) -> str:
    """Which of an agent's settings says that it enforces nothing."""
    if settings is None:
        return ""
    return " (enable-policy: never)" if settings.enforcement == "never" else ' (policy-audit-mode: "true")'


def cilium_settings(settings: CiliumSettings, values: Mapping[str, str]) -> CiliumSettings:
    """The settings of an agent that answers as these switches do."""
    modes = {what for what in ("pods", "nodes") if values[f"ipblock_matches_{what}"] == "yes"}
    return replace(
        settings,
        cidr_match_mode=frozenset(modes),
        node_selector_labels=values["nodes_peers"] == "match",
        cluster_network_policies=values["cluster_policies"] == "enforced",
        enforcement="always" if values["unselected_pods"] == "denied" else "default",
        localhost_allowed=values["own_node"] == "allowed",
        audit=False,
    )


def networks_of(values: Mapping[str, str]) -> str:
    """What networks match in Cilium, which has one setting for all blocks."""
    matched = values["ipblock_matches_pods"] == "yes", values["ipblock_matches_nodes"] == "yes"
    return {(True, True): "inside", (True, False): "pods", (False, True): "nodes"}.get(matched, "outside")


def check(profile: Profile, values: Mapping[str, str], chosen: Mapping[str, str]) -> None:
    """Raises RunError where a person asks an engine for what it cannot be."""
    can_be = CAN_BE.get(profile.name)
    if can_be is None:
        return
    for switch in SWITCHES:
        value = chosen.get(switch.name)
        fixed = profile.settings[switch.name].value
        if profile.name == "cilium" and switch.name == "networks_match":
            fixed = networks_of(values)
        if value in (None, fixed) or switch.name in ANY:
            continue
        if switch.name not in can_be or (can_be[switch.name] and value not in can_be[switch.name]):
            raise RunError(
                f"{profile.title} cannot be set so: {switch.option} {value}",
                hint="--cni kubernetes takes every switch, without the engine's own policies",
            )
