"""Records of Hubble as they are decoded: only what is read of them, and all of it may be missing."""

from __future__ import annotations

import msgspec


class Addresses(msgspec.Struct, gc=False, rename={"ip_version": "ipVersion"}):
    source: str | None = None
    destination: str | None = None
    source_xlated: str | None = None


class Flags(msgspec.Struct, gc=False):
    FIN: bool | None = None
    SYN: bool | None = None
    RST: bool | None = None
    PSH: bool | None = None
    ACK: bool | None = None
    URG: bool | None = None


class Ports(msgspec.Struct, gc=False):
    source_port: int | None = None
    destination_port: int | None = None
    flags: Flags | None = None


class Icmp(msgspec.Struct, gc=False):
    """Zeros are left out."""

    type: int | None = 0
    code: int | None = 0


class Nothing(msgspec.Struct, gc=False):
    pass


class Layer4(msgspec.Struct, gc=False):
    TCP: Ports | None = None
    UDP: Ports | None = None
    SCTP: Ports | None = None
    ICMPv4: Icmp | None = None
    ICMPv6: Icmp | None = None
    VRRP: Nothing | None = None
    IGMP: Nothing | None = None


class Workload(msgspec.Struct, gc=False):
    name: str | None = None
    kind: str | None = None


class Endpoint(msgspec.Struct, gc=False):
    ID: int | None = 0
    namespace: str | None = None
    pod_name: str | None = None
    workloads: list[Workload] | None = None


class Service(msgspec.Struct, gc=False):
    name: str | None = None
    namespace: str | None = None


class EventType(msgspec.Struct, gc=False):
    type: int | None = 0
    sub_type: int | None = 0


class Policy(msgspec.Struct, gc=False):
    name: str | None = None
    namespace: str | None = None
    kind: str | None = None
    labels: list[str] | None = None


class Aggregate(msgspec.Struct, gc=False):
    ingress_flow_count: int | None = 0
    egress_flow_count: int | None = 0
    unknown_direction_flow_count: int | None = 0


class Emitter(msgspec.Struct, gc=False):
    name: str | None = None


class Wrapped(msgspec.Struct, gc=False):
    """A BoolValue as Go's own JSON writes it."""

    value: bool = False


class Flow(msgspec.Struct, gc=False):
    time: str | None = None
    verdict: str | int | None = None
    drop_reason: int | None = None
    drop_reason_desc: str | int | None = None
    IP: Addresses | None = None
    l4: Layer4 | None = None
    source: Endpoint | None = None
    destination: Endpoint | None = None
    Type: str | int | None = None
    node_name: str | None = None
    event_type: EventType | None = None
    traffic_direction: str | int | None = None
    is_reply: bool | Wrapped | None = None
    source_service: Service | None = None
    destination_service: Service | None = None
    sock_xlate_point: str | int | None = None
    socket_cookie: str | int | None = None
    aggregate: Aggregate | None = None
    emitter: Emitter | None = None
    egress_allowed_by: list[Policy] | None = None
    ingress_allowed_by: list[Policy] | None = None
    egress_denied_by: list[Policy] | None = None
    ingress_denied_by: list[Policy] | None = None


class Line(msgspec.Struct, gc=False):
    """A line of an exporter or of ``observe -o json``; what is not a flow has another key."""

    flow: Flow | None = None
    node_name: str | None = None
    time: str | None = None
    agent_event: msgspec.Raw = msgspec.Raw()
    lost_events: msgspec.Raw = msgspec.Raw()
    node_status: msgspec.Raw = msgspec.Raw()
    debug_event: msgspec.Raw = msgspec.Raw()


OTHER = ("agent_event", "lost_events", "node_status", "debug_event")
line_decoder = msgspec.json.Decoder(Line, strict=False)
flow_decoder = msgspec.json.Decoder(Flow, strict=False)
