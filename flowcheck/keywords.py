"""The keywords of the public functions, which are the command line's options by the same names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, TypedDict

from flowcheck.model.options import Icmp, IpBlockMatchesPods, MeshIdentity

Cni = Literal["auto", "kubernetes", "cilium", "calico", "antrea", "ovn", "aws", "flannel"]

MOST_FINDINGS = 10_000
"""That are listed, unless more are asked for; all are counted."""
GIVE_UP_AFTER = timedelta(minutes=5)
"""An honest batch takes less than a second; a file server that is restarted may take two minutes."""


class EngineOptions(TypedDict, total=False):
    """Who enforces policies, and each question of theirs: the options of the same names. See docs/cni.md."""

    cni: Cni
    ipblock_matches_pods: IpBlockMatchesPods
    ipblock_matches_nodes: Literal["yes", "no"]
    networks_match: Literal["inside", "pods", "nodes", "outside"]
    block_takes: Literal["address", "pod"]
    nodes_peers: Literal["match", "refused", "closed"]
    cluster_policies: Literal["enforced", "ignored"]
    rule_types: Literal["listed", "all", "allow"]
    selector_labels: Literal["all", "identity"]
    port_names: Literal["sidecars", "containers", "init", "unread"]
    same_port_name: Literal["all", "first", "last"]
    equal_priority: Literal["unknown", "name", "rules"]
    baseline_tier: Literal["direction", "pod"]
    unselected_pods: Literal["allowed", "denied"]
    host_network_namespace: str
    own_node: Literal["allowed", "policy"]
    to_own_node: Literal["policy", "allowed"]
    same_pod: Literal["allowed", "policy"]
    icmp: Icmp
    node_devices: Literal["bridge", "gateway", "management", "told"]
    node_dns: Literal["unknown", "backends"]
    staged: Literal["ignored", "enforced"]
    enforced: Literal["yes", "no"]


class PolicyOptions(EngineOptions, total=False):
    """What decides how policies are read. ``dns_map``: a file that tells which addresses DNS names had.
    ``mesh`` "off": no policy of a service mesh is asked. ``mesh_identity``: whether a client in the mesh
    proves its identity where no record tells ("derived": it does). ``max_table``: bytes."""

    dns_map: str | Path | None
    mesh: Literal["auto", "off"]
    mesh_identity: MeshIdentity
    max_table: int | None


class AuditOptions(PolicyOptions, total=False):
    """What ``audit`` takes beside its inputs; each is the command line's option of the same name."""

    skew: timedelta
    as_of: datetime | Literal["current"] | None
    assume_unchanged: timedelta
    cluster_ranges: Sequence[str]
    since: datetime | None
    until: datetime | None
    namespaces: Sequence[str]
    max_rejected_rows: int
    max_findings: int
    baseline: str | Path | None
    ignore: str | Path | None
    max_rejected_percent: float | None
    min_coverage: float | None
    give_up_after: timedelta
    keep_columns: bool
    resume: bool
    allow_no_policies: bool
    cache: bool
    source_format: str
    time_unit: str
    time_zone: str
    fields: Sequence[str]
    mapping: str | Path
    received_within: timedelta | None


class SuggestOptions(AuditOptions, total=False):
    """What ``suggest`` takes beside its inputs; each is the command line's option of the same name, but for
    ``everything``, which is ``--all``."""

    language: Literal["kubernetes", "cilium", "calico"]
    everything: bool
    direction: Literal["both", "ingress", "egress"]
    unseen: bool
    min_connections: int
    leave_out_denied: bool
    common_prefix: int | None
    common_prefix_v6: int | None
    train_until: datetime | None
