"""Records of NetObserv as they are decoded: only what is read of them. All of it may be missing, and numbers
may be text, as Loki's labels are."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, gc=False):
    """One of NetworkEvents."""

    Feature: str | None = None
    Type: str | None = None
    Namespace: str | None = None
    Name: str | None = None
    Action: str | None = None
    Direction: str | None = None
    Message: str | None = None


class Flow(msgspec.Struct, gc=False):
    """``SrcPod`` and the like are the names of 2021."""

    SrcAddr: str | None = None
    DstAddr: str | None = None
    SrcPort: int | None = None
    DstPort: int | None = None
    Proto: int | None = None
    Etype: int | None = None
    Flags: int | list[str] | None = None
    TCPFlags: int | None = None
    IcmpType: int | None = None
    IcmpCode: int | None = None
    FlowDirection: int | None = None
    TimeFlowStartMs: int | None = None
    TimeFlowEndMs: int | None = None
    TimeFlowStart: int | None = None
    TimeFlowEnd: int | None = None
    TimeReceived: int | None = None
    AgentIP: str | None = None
    Bytes: int | None = None
    Packets: int | None = None
    Bytes_AB: int | None = None
    Bytes_BA: int | None = None
    Packets_AB: int | None = None
    Packets_BA: int | None = None
    Sampling: int | None = None
    SamplingRate: int | None = None
    Duplicate: bool | None = None
    PktDropPackets: int | None = None
    PktDropLatestDropCause: str | None = None
    NetworkEvents: list[Event | str] | None = None
    XlatSrcAddr: str | None = None
    XlatDstAddr: str | None = None
    XlatDstPort: int | None = None
    SrcK8S_Name: str | None = None
    SrcK8S_Namespace: str | None = None
    SrcK8S_OwnerName: str | None = None
    SrcK8S_Type: str | None = None
    DstK8S_Name: str | None = None
    DstK8S_Namespace: str | None = None
    DstK8S_OwnerName: str | None = None
    DstK8S_Type: str | None = None
    XlatDstK8S_Name: str | None = None
    XlatDstK8S_Namespace: str | None = None
    XlatDstK8S_OwnerName: str | None = None
    XlatDstK8S_Type: str | None = None
    SrcPod: str | None = None
    SrcNamespace: str | None = None
    SrcWorkload: str | None = None
    DstPod: str | None = None
    DstNamespace: str | None = None
    DstWorkload: str | None = None
    hash_id: str | None = msgspec.field(default=None, name="_HashId")
    record_type: str | None = msgspec.field(default=None, name="_RecordType")


class Stream(msgspec.Struct, gc=False):
    """Lines of the same labels; a value is (time, line) and what Loki keeps beside it."""

    stream: dict[str, str] = {}
    values: list[list[msgspec.Raw]] = []


class Data(msgspec.Struct, gc=False):
    result: list[Stream] = []


class Answer(msgspec.Struct, gc=False):
    """What Loki answers to a query for a range of time."""

    data: Data


class Line(msgspec.Struct, gc=False):
    """A line as ``logcli -o jsonl`` prints it."""

    line: str
    labels: dict[str, str] = {}


flow_decoder = msgspec.json.Decoder(Flow, strict=False)
list_decoder = msgspec.json.Decoder(list[msgspec.Raw])
answer_decoder = msgspec.json.Decoder(Answer)
line_decoder = msgspec.json.Decoder(Line)
text_decoder = msgspec.json.Decoder(str)


def with_labels(flow: Flow, labels: dict[str, str]) -> Flow:
    """The flow with what its stream's labels tell. **Raises**: msgspec.ValidationError."""
    told = msgspec.convert(labels, Flow, strict=False)
    for name in Flow.__struct_fields__:
        if getattr(flow, name) is None:
            setattr(flow, name, getattr(told, name))
    return flow
