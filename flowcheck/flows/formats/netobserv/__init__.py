"""NetObserv: flows of its eBPF agent as flowlogs-pipeline writes them, in JSON, to a file, a topic or Loki,
and as its command and its console give them out.

A record is the packets of one direction of a 5-tuple that one node saw in a window of some seconds. The nodes
of both ends report it, each for itself; ``FlowDirection`` says which end a node is (0: it is the
destination's, 1: the source's, 2: both are on it). Times are in milliseconds, TimeReceived alone in seconds.
A verdict is there only with OVN-Kubernetes, as events of the ACLs that the packets met (``NetworkEvents``). A
packet that the kernel dropped (``PktDrop``) was not refused by policy, unless the cause names a policy. The
``Xlat`` fields say what a connection's addresses became, and are there for the opener's direction only.
Addresses and ports are the packet's, before translation where the Xlat fields stand.

Source: pkg/decode/decode_protobuf.go and bpf/*.h of netobserv/netobserv-ebpf-agent, 2026-07;
pkg/pipeline of netobserv/flowlogs-pipeline, 2026-08; go-controller/observability-lib of
ovn-kubernetes/ovn-kubernetes, 2026-08.
"""

from __future__ import annotations

from flowcheck.flows.formats.netobserv.files import recognise
from flowcheck.flows.formats.netobserv.reading import read
from flowcheck.flows.logs.form import Format

FORMAT = Format(
    "netobserv",
    "NetObserv flows",
    recognise,
    read,
    silent=(
        "connections of which no packet was sampled",
        "what policy decided, but where OVN-Kubernetes told the agent",
        "that a Service's address and a backend's are one connection, where translations were not recorded",
    ),
)
