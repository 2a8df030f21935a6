"""How flow logs of Calico are told: by who reports, and that both ends have a namespace beside a name."""

from __future__ import annotations

from flowcheck.flows.formats.calico.pieces import first_flows
from flowcheck.flows.formats.calico.records import Flow
from flowcheck.flows.logs.text.head import Head


def is_flow_log(head: Head) -> str:
    if any(_is_named(flow) and flow.reporter in ("src", "dst", "fwd") for flow in first_flows(head)):
        return "its records have a source and a dest, seen by reporter src, dst or fwd"
    return ""


def is_goldmane(head: Head) -> str:
    if any(_is_named(flow) and flow.reporter in ("Src", "Dst", 1, 2) for flow in first_flows(head)):
        return "its records have a source and a dest, seen by reporter Src or Dst"
    return ""


def _is_named(flow: Flow) -> bool:
    ends = (flow.source_name or flow.source_name_aggr), (flow.dest_name or flow.dest_name_aggr)
    there = flow.source_namespace is not None and flow.dest_namespace is not None
    return there and all(ends) and flow.action is not None
