"""Records of Hubble as they are decoded: only what is read of them, and all of it may be missing.

Names, numbers of enums and shapes are those of flow.proto in the JSON form of protocol buffers; what Go's
own JSON makes of the same structures (numbers for enums, ``{"value": true}``, ``{"seconds": ...}``, a
``Protocol`` between ``l4`` and ``TCP``) is read too.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from flowcheck.flows.logs.text.decoding import decoded

Number = Annotated[int, msgspec.Meta(ge=-(1 << 62), le=1 << 62)]


class Addresses(msgspec.Struct, gc=False, omit_defaults=True):
    source: str | None = None
    destination: str | None = None
    source_xlated: str | None = None


class Flags(msgspec.Struct, gc=False, omit_defaults=True):
    FIN: bool | None = None
    SYN: bool | None = None
    RST: bool | None = None
    PSH: bool | None = None
    ACK: bool | None = None
    URG: bool | None = None


class Ports(msgspec.Struct, gc=False, omit_defaults=True):
    source_port: Number | None = None
    destination_port: Number | None = None
    flags: Flags | None = None


class Icmp(msgspec.Struct, gc=False, omit_defaults=True):
    """Zeros are left out."""

    type: Number | None = 0
    code: Number | None = 0


class Nothing(msgspec.Struct, gc=False, omit_defaults=True):
    pass


class Layer4(msgspec.Struct, gc=False, omit_defaults=True):
    TCP: Ports | None = None
    UDP: Ports | None = None
    SCTP: Ports | None = None
    ICMPv4: Icmp | None = None
    ICMPv6: Icmp | None = None
    VRRP: Nothing | None = None
    IGMP: Nothing | None = None
    Protocol: Layer4 | None = None


class Workload(msgspec.Struct, gc=False, omit_defaults=True):
    name: str | None = None


class Endpoint(msgspec.Struct, gc=False, omit_defaults=True):
    """``ID``: of an endpoint of the node that reports; 0 of all others."""

    ID: Number | None = 0
    identity: Number | None = 0
    namespace: str | None = None
    pod_name: str | None = None
    workloads: list[Workload] | None = None


class Service(msgspec.Struct, gc=False, omit_defaults=True):
    name: str | None = None
    namespace: str | None = None


class EventType(msgspec.Struct, gc=False, omit_defaults=True):
    type: Number | None = 0


class Message(msgspec.Struct, gc=False, omit_defaults=True):
    """Of layer 7. ``type``: REQUEST 1, RESPONSE 2, SAMPLE 3."""

    type: str | int | None = None


class Policy(msgspec.Struct, gc=False, omit_defaults=True):
    name: str | None = None
    namespace: str | None = None
    kind: str | None = None
    labels: list[str] | None = None


class Counts(msgspec.Struct, gc=False, omit_defaults=True):
    """Records in one. Cilium has them as ``aggregate``, the agent of AKS among ``extensions``."""

    ingress_flow_count: Number | None = None
    egress_flow_count: Number | None = None
    unknown_direction_flow_count: Number | None = None
    type_: str | None = msgspec.field(name="@type", default=None)

    @property
    def total(self) -> int | None:
        found = (self.ingress_flow_count, self.egress_flow_count, self.unknown_direction_flow_count)
        return None if all(count is None for count in found) else sum(count or 0 for count in found)


class Emitter(msgspec.Struct, gc=False, omit_defaults=True):
    name: str | None = None


class Wrapped(msgspec.Struct, gc=False, omit_defaults=True):
    """A BoolValue as Go's own JSON writes it."""

    value: bool | None = False


class Moment(msgspec.Struct, gc=False, omit_defaults=True):
    seconds: Number
    nanos: Number | None = 0


class Flow(msgspec.Struct, gc=False, omit_defaults=True):
    time: str | Moment | None = None
    verdict: str | int | None = None
    drop_reason: str | int | None = None
    drop_reason_desc: str | int | None = None
    IP: Addresses | None = None
    l4: Layer4 | None = None
    source: Endpoint | None = None
    destination: Endpoint | None = None
    Type: str | int | None = None
    node_name: str | None = None
    event_type: EventType | None = None
    traffic_direction: str | int | None = None
    policy_match_type: Number | None = None
    trace_observation_point: str | int | None = None
    trace_reason: str | int | None = None
    is_reply: bool | Wrapped | None = None
    reply: bool | None = None
    l7: Message | None = None
    source_service: Service | None = None
    destination_service: Service | None = None
    sock_xlate_point: str | int | None = None
    socket_cookie: str | int | None = None
    aggregate: Counts | None = None
    emitter: Emitter | None = None
    extensions: msgspec.Raw = msgspec.Raw()
    egress_allowed_by: list[Policy] | None = None
    ingress_allowed_by: list[Policy] | None = None
    egress_denied_by: list[Policy] | None = None
    ingress_denied_by: list[Policy] | None = None


class Line(msgspec.Struct, gc=False, omit_defaults=True):
    """A line of an exporter or of ``observe -o json``; what is not a flow has another key."""

    flow: Flow | None = None
    node_name: str | None = None
    time: str | Moment | None = None
    agent_event: msgspec.Raw = msgspec.Raw()
    lost_events: msgspec.Raw = msgspec.Raw()
    node_status: msgspec.Raw = msgspec.Raw()
    debug_event: msgspec.Raw = msgspec.Raw()

    def other(self) -> str:
        """What a line without a flow is; empty where it says nothing."""
        return next((name for name in OTHER if getattr(self, name)), "")


class Lost(msgspec.Struct, gc=False, omit_defaults=True):
    num_events_lost: Number | None = 0


OTHER = ("agent_event", "lost_events", "node_status", "debug_event")
_line_decoder = msgspec.json.Decoder(Line, strict=False)
_flow_decoder = msgspec.json.Decoder(Flow, strict=False)
_counts_decoder = msgspec.json.Decoder(Counts, strict=False)
_lost_decoder = msgspec.json.Decoder(Lost, strict=False)


def line_of(text: bytes) -> Line | None:
    """A line, or a flow that stands alone in one; None for what is neither."""
    line = decoded(_line_decoder, text)
    if line is not None and line.flow is None and not line.other():
        flow = decoded(_flow_decoder, text)
        if flow is None or not (flow.verdict or flow.IP or flow.l4 or flow.source or flow.destination):
            return line
        line.flow = flow
    return line


def extensions_of(flow: Flow) -> Counts:
    """Of the free part of a flow, what is read."""
    found = decoded(_counts_decoder, bytes(flow.extensions)) if flow.extensions else None
    return found or Counts()


def lost_in(line: Line) -> int:
    """How many events a line of lost events tells of."""
    lost = decoded(_lost_decoder, bytes(line.lost_events))
    return lost.num_events_lost or 0 if lost is not None else 0
