"""AWS VPC flow logs, versions 2 to 11: text and Parquet in S3, and the text that CloudWatch Logs keeps.

A record is a window of a minute or ten: the packets of one direction of a 5-tuple on one network interface.
The interface reports it, so that a connection between two nodes has up to four records, and one within a node
none. ACCEPT and REJECT are of security groups and network ACLs, never of a NetworkPolicy. ``srcaddr`` and
``dstaddr`` show the primary address of the interface where its own traffic is meant; which pod it was stands
in ``pkt-srcaddr`` and ``pkt-dstaddr`` alone, and only a custom format has them. ``tcp-flags`` are those of
the whole window, OR-ed, and know no ACK but that of a SYN-ACK. A field that does not apply is ``-``.

Which fields a record has, and in which order, is free: only a header says, and CloudWatch keeps none.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
"""

from __future__ import annotations

from flowcheck.flows.formats.aws.reading import read
from flowcheck.flows.formats.aws.recognising import recognise
from flowcheck.flows.logs.form import Format

FORMAT = Format(
    "aws",
    "AWS VPC flow logs",
    recognise,
    read,
    silent=(
        "what a NetworkPolicy decided: ACCEPT and REJECT are of security groups and network ACLs",
        "traffic that leaves no node: pods on one node, a pod and its own node",
        "how many connections a window holds",
        "types and codes of ICMP",
        "traffic to Amazon's DNS, instance metadata, time and license servers, and DHCP",
    ),
)
