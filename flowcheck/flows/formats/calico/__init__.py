"""Calico: the flow logs of Enterprise and Cloud, and those of Goldmane and Whisker in the open source
release.

A record is what one node saw of the connections between two ends in a window of time, in both directions: of
one 5-tuple at aggregation level 0, without source ports at level 1, and from level 2 on (the default for what
was allowed, and always in Goldmane) of all pods that one controller made, without addresses. The node of the
source reports it (src), that of the destination (dst), or one between (fwd, for its host endpoints).
``action`` is what the policies of the reporter's side decided; pending policies are a forecast, no decision.
Bytes and packets in and out are the reporter's, since the last record. What is no pod nor host is a network
set, or an address of a private (pvt) or public (pub) network: without the address it may be anywhere.

Source: https://docs.tigera.io/calico-enterprise/latest/observability/elastic/flow/ datatypes and aggregation
(3.24); felix/collector/flowlog, goldmane/proto/api.proto and whisker-backend/pkg/apis/v1/flows.go of
projectcalico/calico @87c15906.
"""

from __future__ import annotations

from flowcheck.flows.formats.calico import packets
from flowcheck.flows.formats.calico.reading import read
from flowcheck.flows.formats.calico.recognition import is_flow_log, is_goldmane
from flowcheck.flows.logs.form import Format

FLOWS = Format(
    "calico",
    "Calico Enterprise flow logs",
    is_flow_log,
    read,
    silent=(
        "which pods, addresses and source ports, where pods were aggregated",
        "addresses of network sets and other networks, where they were aggregated",
        "bytes and packets of what was only passed on (reporter fwd)",
    ),
)
GOLDMANE = Format(
    "goldmane",
    "Calico Goldmane and Whisker",
    is_goldmane,
    read,
    silent=(
        "addresses and source ports: ends are the pods that one controller made",
        "addresses of network sets and of public and private networks",
        "in Whisker, how many connections there were, and whether a name is a pod's or a network set's",
    ),
)
PACKETS = Format(
    "calico-packets",
    "Calico Log rules in kernel logs",
    packets.recognise,
    packets.read,
    silent=(
        "what was decided, where a Log rule wrote the line",
        "bytes and packets",
        "pods' names",
        "what no Log rule meets, and what its rate limit leaves out",
    ),
)
