"""Rows of the table ContainerNetworkLogs (RetinaNetworkFlowLogs until November 2025) -> flows of Hubble.

The agent of AKS puts flows of Hubble into columns: what is no text or number stands in them as the text of
JSON, which queries and exports may have opened. What a flow did not say is left out, empty, or null. Lost are
the numbers of endpoints, and with them which end is the reporter's.

Source: source/plugins/go/src/network_flow_logs.go of microsoft/Docker-Provider, 93fd3604.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from flowcheck.flows.formats.hubble.records import (
    Addresses,
    Counts,
    Emitter,
    Endpoint,
    EventType,
    Flow,
    Layer4,
    Line,
    Message,
    Number,
    Policy,
    Service,
    Workload,
)
from flowcheck.flows.logs.text.decoding import decoded

Text = str | None
Cell = msgspec.Raw
NOTHING = msgspec.Raw()
T = TypeVar("T")


class Columns(msgspec.Struct, gc=False, rename="pascal"):
    """A row; Cells are JSON, or the text of it."""

    time_generated: Text = None
    verdict: Text = None
    drop_reason: Text = None
    ip: Cell = msgspec.field(name="IP", default=NOTHING)
    layer4: Cell = NOTHING
    layer7: Cell = NOTHING
    source_namespace: Text = None
    source_pod_name: Text = None
    source_workloads: Cell = NOTHING
    destination_namespace: Text = None
    destination_pod_name: Text = None
    destination_workloads: Cell = NOTHING
    flow_type: Text = None
    node_name: Text = None
    reply: bool | str | None = None
    event_type: Cell = NOTHING
    service: Cell = NOTHING
    traffic_direction: Text = None
    trace_observation_point: Text = None
    ingress_flow_count: Cell = NOTHING
    egress_flow_count: Cell = NOTHING
    unknown_direction_flow_count: Cell = NOTHING
    policies: Cell = NOTHING
    additional_flow_data: Cell = NOTHING


class _Services(msgspec.Struct, gc=False, rename="pascal"):
    source_service: Text = None
    source_service_namespace: Text = None
    destination_service: Text = None
    destination_service_namespace: Text = None


class _Policies(msgspec.Struct, gc=False):
    """Each a list of policies; the agent makes a text of each before it makes one of all."""

    egress_allowed_by: Cell = NOTHING
    ingress_allowed_by: Cell = NOTHING
    egress_denied_by: Cell = NOTHING
    ingress_denied_by: Cell = NOTHING


class _Additional(msgspec.Struct, gc=False, rename="pascal"):
    extensions: Cell = NOTHING


_columns = msgspec.json.Decoder(Columns, strict=False)
_text = msgspec.json.Decoder(str)
_number = msgspec.json.Decoder(Number, strict=False)
_addresses = msgspec.json.Decoder(Addresses, strict=False)
_layer4 = msgspec.json.Decoder(Layer4, strict=False)
_message = msgspec.json.Decoder(Message, strict=False)
_event_type = msgspec.json.Decoder(EventType, strict=False)
_workloads = msgspec.json.Decoder(list[Workload], strict=False)
_services = msgspec.json.Decoder(_Services)
_policies = msgspec.json.Decoder(_Policies)
_listed = msgspec.json.Decoder(list[Policy], strict=False)
_additional = msgspec.json.Decoder(_Additional)


def line_of_row(text: bytes) -> Line | None:
    """The flow that a row, a JSON object of columns, was made of; None where it is none."""
    row = decoded(_columns, text)
    return None if row is None else Line(flow=_flow(row))


def _flow(row: Columns) -> Flow:
    services = _opened(_services, row.service) or _Services()
    policies = _opened(_policies, row.policies) or _Policies()
    additional = _opened(_additional, row.additional_flow_data) or _Additional()
    return Flow(
        time=row.time_generated,
        verdict=row.verdict,
        drop_reason_desc=row.drop_reason,
        IP=_opened(_addresses, row.ip),
        l4=_opened(_layer4, row.layer4),
        l7=_opened(_message, row.layer7),
        source=Endpoint(
            namespace=row.source_namespace,
            pod_name=row.source_pod_name,
            workloads=_opened(_workloads, row.source_workloads),
        ),
        destination=Endpoint(
            namespace=row.destination_namespace,
            pod_name=row.destination_pod_name,
            workloads=_opened(_workloads, row.destination_workloads),
        ),
        Type=row.flow_type,
        node_name=row.node_name,
        event_type=_opened(_event_type, row.event_type),
        traffic_direction=row.traffic_direction,
        trace_observation_point=row.trace_observation_point,
        is_reply=_truth(row.reply),
        source_service=Service(services.source_service, services.source_service_namespace),
        destination_service=Service(services.destination_service, services.destination_service_namespace),
        aggregate=Counts(
            _opened(_number, row.ingress_flow_count),
            _opened(_number, row.egress_flow_count),
            _opened(_number, row.unknown_direction_flow_count),
        ),
        emitter=Emitter("Hubble"),
        extensions=additional.extensions,
        egress_allowed_by=_opened(_listed, policies.egress_allowed_by),
        ingress_allowed_by=_opened(_listed, policies.ingress_allowed_by),
        egress_denied_by=_opened(_listed, policies.egress_denied_by),
        ingress_denied_by=_opened(_listed, policies.ingress_denied_by),
    )


def _opened(decoder: msgspec.json.Decoder[T], cell: Cell) -> T | None:
    """What is in a cell; None for nothing, and for what it cannot be."""
    data = bytes(cell)
    if data.startswith(b'"'):
        data = (decoded(_text, data) or "").encode()
    return decoded(decoder, data) if data else None


def _truth(value: bool | str | None) -> bool | None:
    return {"true": True, "false": False}.get(str(value).lower())
