"""Files of NetObserv -> its records -> batches: a record a line, a JSON array of them, what the console
exports, or Loki's answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

import msgspec
import pyarrow as pa

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats.netobserv.conversations import Conversations
from flowcheck.flows.formats.netobserv.exported import Exported
from flowcheck.flows.formats.netobserv.records import (
    Flow,
    answer_decoder,
    flow_decoder,
    line_decoder,
    list_decoder,
    text_decoder,
    with_labels,
)
from flowcheck.flows.formats.netobserv.rows import row_of
from flowcheck.flows.formats.netobserv.translations import Translations
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.connections import Connections
from flowcheck.flows.logs.decoding import decoded, document_of
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.head import Head
from flowcheck.flows.logs.rows import ROWS_AT_ONCE, Row, batch_of
from flowcheck.flows.logs.source import Source
from flowcheck.flows.logs.tellers import Tellers
from flowcheck.flows.logs.wrapped import Unwrapper

IP = frozenset({0x0800, 0x86DD})
ARP = 0x0806
"""Ethertypes. Source: IANA, IEEE 802 Numbers."""
_NAMED = ("SrcK8S_", "DstK8S_", "SrcPod", "DstPod", "SrcHostIP", "DstHostIP")
Record = tuple[int, Flow | None]
"""(position, the record; None for what cannot be decoded)."""


def recognise(head: Head) -> str:
    if _is_answer(head.data) and (b"TimeFlowStartMs" in head.data or b"netobserv" in head.data):
        return "it is Loki's answer with flows of NetObserv"
    if head.lines and Exported().is_header(head.lines[0]):
        return "its header has SrcAddr, DstAddr and TimeFlowStartMs"
    for line in head.lines:
        text = _bare(line.encode())
        document = decoded(_documents, text)
        if isinstance(document, dict) and isinstance(shipped := document.get("line"), str):
            document = decoded(_documents, shipped.encode())
        if isinstance(document, dict) and _is_flow(document):
            return "its lines have SrcAddr, DstAddr and TimeFlowStartMs or names of Kubernetes"
    if _is_list(head.data) and b'"TimeFlowStartMs"' in head.data and b'"SrcAddr"' in head.data:
        return "its records have SrcAddr and TimeFlowStartMs"
    return ""


_documents = msgspec.json.Decoder()


def _is_flow(document: dict[str, object]) -> bool:
    if "TimeFlowStartMs" in document:
        return "SrcAddr" in document or "Etype" in document
    return {"SrcAddr", "DstAddr", "TimeReceived"} <= document.keys() and any(
        name.startswith(_NAMED) for name in document
    )


def _is_answer(data: bytes) -> bool:
    start = data[:2000]
    return start.lstrip()[:1] == b"{" and b'"resultType"' in start and b'"streams"' in start


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """The rows of a log, some thousand records at a time. Loki gives out the newest first."""
    connections, tellers, translations = Connections(), Tellers(), Translations()
    conversations = Conversations()
    head = source.head()
    if _is_answer(head):
        records = _of_answer(source)
    else:
        records = _of_list(source, account) if _is_list(head) else _of_lines(source, account)
    sampled = False
    while some := list(islice(records, ROWS_AT_ONCE)):
        rows = []
        for position, flow in some:
            account.read()
            row = _row(position, flow, account)
            if row is not None and flow is not None:
                conversations.tell(row, flow)
                rows.append(row)
                sampled = sampled or row.sampling_rate is not None
        ordered = sorted(rows, key=_begins)
        translations.tell(ordered)
        connections.settle(ordered)
        tellers.settle(ordered)
        if rows:
            yield batch_of(rows, account)
    if not sampled:
        account.warn(
            "no record says how packets were sampled: the agent takes one of 50 unless told otherwise"
        )


def _row(position: int, flow: Flow | None, account: Account) -> Row | None:
    """None for what was merged, left out or rejected."""
    if flow is None:
        account.reject("bad_record", position)
    elif flow.Duplicate:
        account.merge()
    elif flow.Etype and flow.Etype not in IP:
        account.leave_out("arp" if flow.Etype == ARP else "not_ip")
    elif flow.SrcAddr is None and flow.DstAddr is None and flow.Proto is None:
        account.leave_out("no_flow")
    else:
        row = row_of(position, flow)
        if not (flow.TimeFlowStartMs or flow.TimeFlowStart) and row.start_time is not None:
            account.warn("records without a start have the time at which they were received")
        return row
    return None


def _begins(row: Row) -> int:
    return row.start_time if isinstance(row.start_time, int) else 0


def _is_list(data: bytes) -> bool:
    return data.lstrip()[:1] == b"["


def _of_list(source: Source, account: Account) -> Iterator[Record]:
    """One that is damaged is read line by line, as NetObserv's command writes one record a line."""
    with suppress(FlowFormatError):
        found = decoded(list_decoder, document_of(source, ""))
        if found is not None:
            yield from ((place, decoded(flow_decoder, bytes(text))) for place, text in enumerate(found))
            return
    yield from _of_lines(source, account)


def _of_lines(source: Source, account: Account) -> Iterator[Record]:
    unwrapper, exported = Unwrapper(), Exported()
    for lines in source.lines():
        for number, text in unwrapper.unwrap(lines):
            bare = _bare(text)
            if bare.startswith(b"{"):
                yield number, _flow(bare)
            elif exported.is_header(line := text.decode("utf-8", "replace")):
                account.read()
                account.leave_out("header")
            elif bare:
                yield number, exported.flow(line)
    for _ in range(unwrapper.rest()):
        account.read()
        account.leave_out("cut_off")


def _bare(text: bytes) -> bytes:
    """A record of a JSON array that has one a line, as NetObserv's command writes it."""
    return text.removeprefix(b"[").strip(b", \t").removesuffix(b"]").strip(b", \t")


def _flow(text: bytes) -> Flow | None:
    if b'"labels"' in text or b'"line"' in text:
        shipped = decoded(line_decoder, text)
        if shipped is not None:
            return _labelled(shipped.line.encode(), shipped.labels)
    return decoded(flow_decoder, text)


def _labelled(text: bytes, labels: dict[str, str]) -> Flow | None:
    flow = decoded(flow_decoder, text)
    if flow is None:
        return None
    try:
        return with_labels(flow, labels)
    except msgspec.ValidationError:
        return None


def _of_answer(source: Source) -> Iterator[Record]:
    """**Raises**: FlowFormatError where the answer is too long, or no JSON."""
    text = document_of(source, "ask Loki for less time at once, or for lines: logcli query -o jsonl")
    answer = decoded(answer_decoder, text)
    if answer is None:
        raise FlowFormatError("begins as an answer of Loki, and is none", where=source.path)
    told = [(value, stream.stream) for stream in answer.data.result for value in stream.values]
    times = [_time(value) for value, _ in told]
    for position in sorted(range(len(told)), key=times.__getitem__):
        value, labels = told[position]
        line = decoded(text_decoder, bytes(value[1])) if len(value) > 1 else None
        yield position, None if line is None else _labelled(line.encode(), labels)


def _time(value: list[msgspec.Raw]) -> int:
    text = bytes(value[0]).strip(b'"') if value else b""
    return int(text[:20]) if text.isdigit() else 0
