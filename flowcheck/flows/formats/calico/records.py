"""Records of Calico as they are decoded: only what is read of them, in whichever spelling, and all of it may
be missing.

Enterprise writes one flat object. Goldmane has what identifies a flow apart, in ``Key``, and the names of its
protocol's JSON (camelCase, 64-bit numbers as texts, zeros left out) or those of its Go structs (snake_case,
enumerations as numbers). Whisker's backend makes that flat again. Elasticsearch, streams and lists put words
around a record.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec

from flowcheck.flows.logs.text.decoding import decoded

NONE = frozenset({"", "-", "*"})
"""What stands where a record does not say: not there, or several."""
_DEEPEST = 4
"""Wrappings in one another."""
_ZEROS = dict.fromkeys(("num_connections_started", "bytes_in", "bytes_out", "packets_in", "packets_out"), 0)
_NOT_JSON = re.compile(rb'("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])')
"""A comma before a closing bracket: the vendor's own example has one."""


Number = int | float | str | None


class Hit(msgspec.Struct, gc=False):
    """A policy that a flow met. ``trigger``: where a tier's end decided, the policy that selects the pod."""

    kind: str | int | None = None
    namespace: str | None = None
    name: str | None = None
    policy_index: Number = 0
    trigger: Hit | None = None


class Policies(msgspec.Struct, gc=False):
    """The policies met, as ``index|tier|name|action|rule`` or as hits. ``all_policies``, of old releases, has
    staged ones among them; ``transit_policies`` are those of a node that only passed it on. Lists of pending
    ones, which are a forecast, are not read."""

    enforced_policies: list[str | Hit] | None = None
    enforced: list[str | Hit] | None = None
    all_policies: list[str] | None = None
    transit_policies: list[str | Hit] | None = None


class Flow(msgspec.Struct, gc=False, rename={"key": "Key", "source": "_source"}):
    start_time: Number = None
    end_time: Number = None
    source_ip: str | None = None
    source_name: str | None = None
    source_name_aggr: str | None = None
    source_namespace: str | None = None
    source_type: str | int | None = None
    source_port: Number = None
    dest_ip: str | None = None
    dest_name: str | None = None
    dest_name_aggr: str | None = None
    dest_namespace: str | None = None
    dest_type: str | int | None = None
    dest_port: Number = None
    dest_service_name: str | None = None
    dest_service_namespace: str | None = None
    dest_service_port: Number = None
    dest_service_port_num: Number = None
    proto: str | int | None = None
    protocol: str | int | None = None
    reporter: str | int | None = None
    action: str | int | None = None
    policies: msgspec.Raw = msgspec.Raw()
    num_flows_started: Number = None
    num_connections_started: Number = None
    bytes_in: Number = None
    bytes_out: Number = None
    packets_in: Number = None
    packets_out: Number = None
    host: str | dict[str, Any] | None = None
    key: msgspec.Raw = msgspec.Raw()
    source: msgspec.Raw = msgspec.Raw()
    flow: msgspec.Raw = msgspec.Raw()
    result: msgspec.Raw = msgspec.Raw()


_flow = msgspec.json.Decoder(Flow)
_policies = msgspec.json.Decoder(Policies)
_object = msgspec.json.Decoder(dict[str, Any])


def flow_of(text: bytes) -> Flow | None:
    """The record in a text, what is wrapped around it taken off; None where it is none."""
    flow = decoded(_flow, text)
    if flow is None:
        text = _NOT_JSON.sub(rb"\1", text)
        flow = decoded(_flow, text)
    for _ in range(_DEEPEST):
        inner = None if flow is None else _inside(flow)
        if inner is None:
            break
        text, flow = inner, decoded(_flow, inner)
    if flow is not None and bytes(flow.key):
        return _made_flat(text)
    return flow


def policies_of(text: bytes) -> Policies:
    """None of them where they are written in a way that is not known."""
    return decoded(_policies, text) or Policies()


def number(value: Number) -> int | None:
    """A number, None for what says that there is none. Raises: ValueError."""
    if isinstance(value, float):
        return int(value)
    if not isinstance(value, str):
        return value
    return None if value in NONE else int(value)


def _inside(flow: Flow) -> bytes | None:
    """The record that this is only words around."""
    parts = map(bytes, (flow.source, flow.flow, flow.result))
    return next((part for part in parts if part.startswith(b"{")), None)


def _made_flat(text: bytes) -> Flow | None:
    """A record of Goldmane in the spelling of the others, the zeros that it leaves out put back."""
    whole = decoded(_object, text)
    key = whole.pop("Key") if whole is not None else None
    if whole is None or not isinstance(key, dict):
        return None
    try:
        return decoded(_flow, msgspec.json.encode({**_ZEROS, **_respelt(whole), **_respelt(key)}))
    except RecursionError:
        return None


def _respelt(value: Any) -> Any:
    if isinstance(value, dict):
        return {_snake(name): _respelt(part) for name, part in value.items()}
    return [_respelt(part) for part in value] if isinstance(value, list) else value


@cache
def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda found: "_" + found[0].lower(), name)
