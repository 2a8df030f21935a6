"""Lines of the agent as they are decoded: the JSON and the text of its log, and the text in CloudWatch."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from flowcheck.flows.logs.text import cloudwatch
from flowcheck.flows.logs.text.cloudwatch import Event
from flowcheck.flows.logs.text.decoding import decoded
from flowcheck.flows.logs.text.head import Head

FLOW = "Flow Info"
"""How the message of a flow begins."""
_LOGGERS = frozenset({"ebpf-client", "policyendpoint-client"})
_OWN = re.compile(r"Flow Info:|Conntrack (cleanup|Key)|(Starting )?network policy agent", re.IGNORECASE)
_MARKS = (b"Flow Info", b"Src IP", b"SIP: ")
_TEXT = re.compile(
    r"Src IP: (\S+) Src Port: ([0-9]{1,5}) Dest IP: (\S+) Dest Port: ([0-9]{1,5}) "
    r"Proto:? ([A-Z ]+?) Verdict:? ([A-Z/]+)(?:,? Direction:? (\w+))?(?:,? Tier:? \S+)?\s*"
)
_EVENT = ("SIP", "SPORT", "DIP", "DPORT", "PROTOCOL", "PolicyVerdict")


class Told(NamedTuple):
    """A flow as its line has it. ``direction`` and ``node``: empty where it does not say."""

    at: int | str | None
    src_ip: str
    src_port: int
    dst_ip: str
    dst_port: int
    protocol: str
    verdict: str
    direction: str = ""
    node: str = ""


class _Line(msgspec.Struct):
    """What the agent's logger writes; none of it need be there."""

    msg: str = ""
    ts: str | None = None
    timestamp: str | None = None
    src_ip: str | None = msgspec.field(default=None, name="Src IP")
    src_port: int = msgspec.field(default=0, name="Src Port")
    dst_ip: str | None = msgspec.field(default=None, name="Dest IP")
    dst_port: int = msgspec.field(default=0, name="Dest Port")
    protocol: str = msgspec.field(default="", name="Proto")
    verdict: str = msgspec.field(default="", name="Verdict")
    direction: str = msgspec.field(default="", name="Direction")


_line = msgspec.json.Decoder(_Line)


def told(event: Event) -> Told | str | None:
    """The flow that a line tells of; why it cannot be used; or None for a line of something else."""
    if event.text.startswith(b"{"):
        line = decoded(_line, event.text)
        if line is None:
            return "bad_record"
        if not line.msg.startswith(FLOW):
            return None
        at = line.ts or line.timestamp or event.at
        if line.src_ip is None or line.dst_ip is None:
            return _of_text(line.msg, at)
        ends = (line.src_ip, line.src_port, line.dst_ip, line.dst_port)
        return Told(at, *ends, line.protocol, line.verdict, line.direction)
    if not any(mark in event.text for mark in _MARKS):
        return None
    text = event.text.decode("utf-8", "replace")
    return _of_event(text, event.at) if "PolicyVerdict" in text else _of_text(text, event.at)


def _of_text(text: str, at: int | str | None) -> Told | str:
    found = _TEXT.search(text)
    if found is None:
        return "bad_record"
    src, src_port, dst, dst_port, protocol, verdict, direction = found.groups()
    return Told(at, src, int(src_port), dst, int(dst_port), protocol, verdict, direction or "")


def _of_event(text: str, at: int | str | None) -> Told | str:
    values = dict(part.split(": ", 1) for part in text.split(";") if ": " in part)
    try:
        src, src_port, dst, dst_port, protocol, verdict = (values[name] for name in _EVENT)
        return Told(
            at, src, int(src_port), dst, int(dst_port), protocol, verdict, node=values.get("Node", "")
        )
    except (KeyError, ValueError):
        return "bad_record"


def recognise(head: Head) -> str:
    for document in head.documents:
        message = document.get("msg")
        if isinstance(message, str) and (_OWN.match(message) or document.get("logger") in _LOGGERS):
            return "its lines are the agent's log"
    for text in cloudwatch.texts_of(head):
        if _OWN.match(text) and _TEXT.search(text):
            return "its lines are the agent's log"
        if "PolicyVerdict: " in text and "SIP: " in text:
            return "its lines have a PolicyVerdict"
    return ""
