"""Records of Antrea as they are decoded: only what is read of them, and all of it may be missing.

Names are ClickHouse's columns, and those of IPFIX elements where they differ. Numbers may be text.
"""

from __future__ import annotations

from typing import Any

import msgspec

Time = int | str | None


_WORDS = {"ip": "IP", "ipv4": "IPv4", "ipv6": "IPv6", "uuid": "UUID"}


def _column(name: str) -> str:
    """Of a field, as Antrea writes it."""
    first, *others = name.split("_")
    return first + "".join(_WORDS.get(word, word.capitalize()) for word in others)


class Export(msgspec.Struct, gc=False, rename=_column):
    flow_start_seconds: Time = None
    flow_end_seconds: Time = None
    source_ip: str | None = None
    source_ipv4_address: str | None = None
    source_ipv6_address: str | None = None
    destination_ip: str | None = None
    destination_ipv4_address: str | None = None
    destination_ipv6_address: str | None = None
    source_transport_port: int | None = None
    destination_transport_port: int | None = None
    protocol_identifier: str | int | None = None
    packet_delta_count: int | None = None
    octet_delta_count: int | None = None
    reverse_packet_delta_count: int | None = None
    reverse_octet_delta_count: int | None = None
    source_pod_name: str | None = None
    source_pod_namespace: str | None = None
    source_pod_uuid: str | None = None
    source_node_name: str | None = None
    destination_pod_name: str | None = None
    destination_pod_namespace: str | None = None
    destination_pod_uuid: str | None = None
    destination_node_name: str | None = None
    destination_cluster_ip: str | None = None
    destination_cluster_ipv4: str | None = None
    destination_cluster_ipv6: str | None = None
    destination_service_ip: str | None = None
    destination_service_ipv4: str | None = None
    destination_service_ipv6: str | None = None
    destination_service_port: int | None = None
    destination_service_port_name: str | None = None
    ingress_network_policy_name: str | None = None
    ingress_network_policy_namespace: str | None = None
    ingress_network_policy_rule_action: str | int | None = None
    ingress_network_policy_type: str | int | None = None
    egress_network_policy_name: str | None = None
    egress_network_policy_namespace: str | None = None
    egress_network_policy_rule_action: str | int | None = None
    egress_network_policy_type: str | int | None = None
    egress_ip: str | None = None
    proxy_snat_ipv4: str | None = None
    proxy_snat_ipv6: str | None = None


NAMES = frozenset(Export.__struct_encode_fields__)
MARKS = frozenset(
    {"flowStartSeconds", "flowEndSeconds", "sourceTransportPort", "destinationTransportPort"}
    | {"protocolIdentifier", "octetDeltaCount", "sourcePodName", "destinationPodName"}
)
"""Columns by some of which, beside its addresses, a record is known."""


class Answer(msgspec.Struct, gc=False):
    """What ClickHouse writes as JSON: one document, the rows under ``data``."""

    data: list[msgspec.Raw]


decoder = msgspec.json.Decoder(Export, strict=False)
document_decoder = msgspec.json.Decoder(list[msgspec.Raw] | Answer)


def is_record(names: frozenset[str]) -> bool:
    return (
        len(names & MARKS) >= 3
        and not names.isdisjoint({"sourceIP", "sourceIPv4Address", "sourceIPv6Address"})
        and not names.isdisjoint({"destinationIP", "destinationIPv4Address", "destinationIPv6Address"})
    )


def export_of(values: dict[str, Any]) -> Export | None:
    """None where one of the values is of another type than it must be."""
    told = {name: value for name, value in values.items() if name in NAMES and value not in ("", None)}
    try:
        return msgspec.convert(told, Export, strict=False)
    except (msgspec.ValidationError, UnicodeError):
        return None
