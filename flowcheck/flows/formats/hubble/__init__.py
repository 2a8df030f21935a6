"""Cilium Hubble: what its exporter writes to files, and what ``hubble observe -o json`` prints; also Retina,
which writes the same records, and the table in which AKS keeps them.

A record is one event of the datapath: a packet that was passed on (trace), dropped, or judged by policy, or a
message that a layer 7 proxy saw. The node of either end reports it. Its verdict is a policy's only in two
types of event: 5 (policy verdict, one for each new connection and side) and 1 (drop); a trace says that a
packet went by, and that is all. ``traffic_direction`` is the connection's, seen from the local endpoint;
source and destination are the packet's. A field that is missing says nothing: a mask may have removed it.

Retina, where it is not a part of Cilium, watches packets and knows no policy: its drops are whatever the
kernel dropped, and its "no reply" is what it writes when it does not know.

Source: api/v1/flow/flow.proto of cilium/cilium v1.20, in the JSON form of protocol buffers;
pkg/utils/flow_utils.go of microsoft/retina, 06b56457.
"""

from __future__ import annotations

from flowcheck.flows.formats.hubble.reading import read, read_table, recognise, recognise_table
from flowcheck.flows.logs.form import Format

_SILENT = (
    "bytes and packets",
    "connections that no event tells of: the exporter leaves out what its filters say, and what is lost",
    "how many connections an aggregated line of traces or drops stands for",
)
FORMAT = Format("hubble", "Cilium Hubble", recognise, read, silent=_SILENT)
AKS = Format(
    "aks",
    "AKS container network logs",
    recognise_table,
    read_table,
    silent=(*_SILENT, "which node's end a trace was seen from"),
)
