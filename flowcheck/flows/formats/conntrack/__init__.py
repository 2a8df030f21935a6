"""Connection tracking: what ``conntrack -L`` and ``conntrack -E`` print, /proc/net/nf_conntrack, and Open
vSwitch's ``dpctl/dump-conntrack``.

A record is a connection that a node knows of, or one event of it: both tuples, the opener's as it was sent
and the answers' as they are expected. Where these differ an address was translated: the answers' source is
the backend that a Service's address led to, their destination the address that a source was translated to.
What policy dropped leaves no entry, nor what ended before; an entry is no decision of a policy. Counters are
since the connection began. Times are there only where the kernel keeps them
(net.netfilter.nf_conntrack_timestamp), and are of the node's own time zone, but those of events, which are
seconds since 1970.

Source: conntrack(8) and src/conntrack/snprintf_default.c of libnetfilter_conntrack 1.0.9;
lib/ct-dpif.c of openvswitch/ovs.
"""

from __future__ import annotations

from flowcheck.flows.formats.conntrack.reading import read, recognise
from flowcheck.flows.logs.form import Format

FORMAT = Format(
    "conntrack",
    "Connection tracking",
    recognise,
    read,
    silent=(
        "connections that were refused, and those that ended before",
        "what policy decided, and names of pods",
        "which end the node is of",
    ),
)
