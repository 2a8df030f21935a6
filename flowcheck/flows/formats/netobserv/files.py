"""Files of NetObserv -> records: one a line, a list, what the console exports, or what Loki answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec

from flowcheck.errors import FlowFormatError
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
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.text.decoding import decoded, document_of
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.source import Source
from flowcheck.flows.logs.text.wrapped import Unwrapper

_NAMED = ("SrcK8S_", "DstK8S_", "SrcPod", "DstPod", "SrcHostIP", "DstHostIP")
Record = tuple[int, Flow | None]
"""(position, the record; None for what cannot be decoded)."""
_documents = msgspec.json.Decoder()


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


def _is_flow(document: dict[str, object]) -> bool:
    if "TimeFlowStartMs" in document:
        return "SrcAddr" in document or "Etype" in document
    return {"SrcAddr", "DstAddr", "TimeReceived"} <= document.keys() and any(
        name.startswith(_NAMED) for name in document
    )


def _is_answer(data: bytes) -> bool:
    start = data[:2000]
    return start.lstrip()[:1] == b"{" and b'"resultType"' in start and b'"streams"' in start


def records_of(source: Source, account: Account) -> Iterator[Record]:
    """The records of a log, oldest first where the log is Loki's answer, which has the newest first. What is
    no record is told to the account.

    **Raises**: FlowFormatError for an answer that is too long, or damaged.
    """
    head = source.head()
    if _is_answer(head):
        return _of_answer(source)
    return _of_list(source, account) if _is_list(head) else _of_lines(source, account)


def _is_list(data: bytes) -> bool:
    """Whether it is one whose records do not stand one a line."""
    data = data.lstrip()
    return data[:1] == b"[" and not isinstance(decoded(_documents, _bare(data.partition(b"\n")[0])), dict)


def _of_list(source: Source, account: Account) -> Iterator[Record]:
    """One that is damaged is read line by line."""
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
