"""A record of Antrea -> a row: the connection's ends, what was dialled, and what either side decided."""

from __future__ import annotations

from flowcheck.flows.formats.antrea.records import Export
from flowcheck.flows.logs.rows import Row
from flowcheck.flows.logs.values.protocols import protocol_number

CONNECTION = 3
ALLOWED, DENIED = 1, 2
ACTIONS = {
    **{"1": ALLOWED, "allow": ALLOWED},
    **dict.fromkeys(("2", "3", "drop", "reject"), DENIED),
}
"""0, and what is no action, say nothing. Source: flow.proto (NetworkPolicyRuleAction), prettyprint.go."""
KINDS = {
    **dict.fromkeys(("1", "k8snetworkpolicy"), "NetworkPolicy"),
    **dict.fromkeys(("2", "antreanetworkpolicy"), "AntreaNetworkPolicy"),
    **dict.fromkeys(("3", "antreaclusternetworkpolicy"), "AntreaClusterNetworkPolicy"),
    **dict.fromkeys(("4", "k8sclusternetworkpolicy"), "ClusterNetworkPolicy"),
}
"""Source: flow.proto (NetworkPolicyType)."""
SOURCE, DESTINATION, NEITHER, BOTH = 1, 2, 3, 4
_UNSET = frozenset({"0.0.0.0", "::", ""})


def row_of(position: int, export: Export) -> Row:
    """Without its times."""
    row = Row(
        record=position,
        src_ip=_first(export.source_ip, export.source_ipv4_address, export.source_ipv6_address),
        dst_ip=_first(
            export.destination_ip, export.destination_ipv4_address, export.destination_ipv6_address
        ),
        src_port=export.source_transport_port,
        dst_port=export.destination_transport_port,
        protocol=protocol_number(str(export.protocol_identifier or "")),
        initiator=1,
        record_kind=CONNECTION,
        bytes=export.octet_delta_count,
        packets=export.packet_delta_count,
        bytes_reverse=export.reverse_octet_delta_count,
        packets_reverse=export.reverse_packet_delta_count,
        src_namespace=export.source_pod_namespace or None,
        src_pod=export.source_pod_name or None,
        src_pod_uid=export.source_pod_uuid or None,
        dst_namespace=export.destination_pod_namespace or None,
        dst_pod=export.destination_pod_name or None,
        dst_pod_uid=export.destination_pod_uuid or None,
        nat_src_ip=_first(export.egress_ip, export.proxy_snat_ipv4, export.proxy_snat_ipv6),
    )
    _dialled(row, export)
    _seen_from(row, export)
    _judge(row, export)
    return row


def _first(*addresses: str | None) -> str | None:
    """The first that is set."""
    return next((address for address in addresses if address is not None and address not in _UNSET), None)


def _dialled(row: Row, export: Export) -> None:
    row.service_ip = _first(
        *(export.destination_service_ip, export.destination_service_ipv4, export.destination_service_ipv6),
        *(export.destination_cluster_ip, export.destination_cluster_ipv4, export.destination_cluster_ipv6),
    )
    row.service_port = export.destination_service_port or None
    row.service_name = (export.destination_service_port_name or "").partition(":")[0] or None


def _seen_from(row: Row, export: Export) -> None:
    """The ends that are pods have nodes, whose agents report."""
    here, there = row.src_pod is not None, row.dst_pod is not None
    row.observation_point = BOTH if here and there else SOURCE if here else DESTINATION if there else NEITHER
    row.observer = (export.source_node_name or export.destination_node_name) or None


def _judge(row: Row, export: Export) -> None:
    row.egress_action = _action(export.egress_network_policy_rule_action)
    row.ingress_action = _action(export.ingress_network_policy_rule_action)
    sides = (row.egress_action, row.ingress_action)
    row.action = DENIED if DENIED in sides else ALLOWED if ALLOWED in sides else 0
    policies = [
        (row.egress_action, _policy("egress", export)),
        (row.ingress_action, _policy("ingress", export)),
    ]
    policies.sort(key=lambda told: told[0] != DENIED)
    row.policy_refs = [policy for _, policy in policies if policy is not None] or None


def _action(told: str | int | None) -> int | None:
    """None where no policy applied."""
    return ACTIONS.get(str(told).lower())


def _policy(side: str, export: Export) -> str | None:
    """As ``kind/namespace/name``."""
    name: str | None = getattr(export, f"{side}_network_policy_name")
    namespace: str | None = getattr(export, f"{side}_network_policy_namespace")
    type_: str | int | None = getattr(export, f"{side}_network_policy_type")
    if not name:
        return None
    kind = KINDS.get(str(type_).lower(), "policy")
    return f"{kind}/{namespace}/{name}" if namespace else f"{kind}/{name}"
