"""The network-policy agent of EKS (aws-network-policy-agent): its log, and what it sends to CloudWatch.

A record is a packet at a pod's interface that belongs to no connection the agent knows: the first of one that
is accepted, and each that is denied. ACCEPT and DENY are policies'; which one it was is not said, nor whose
pods they are. ``egress`` is the sender's side, ``ingress`` the receiver's; the old JSON and the lines in
CloudWatch do not say, and the latter have no time but their event's. At egress the destination is the one
that was dialled: of a Service, its own address.

The agent forgets connections before they end. Then an answer is taken for a first packet, and is often
denied, though the connection was accepted: such a DENY decides nothing. It is known by an ACCEPT of the other
direction; where there is none, as below log level debug, by its ports: an answer comes from a port outside of
32768 to 60999, from which Linux takes those of clients, and goes to one inside. EXPIRED/DELETED is of the
agent's own table, and of no packet.

Source: pkg/ebpf/events/events.go and pkg/ebpf/c of aws/aws-network-policy-agent, v1.0 to v1.3.
"""

from __future__ import annotations

from flowcheck.flows.formats.eks_agent.reading import read
from flowcheck.flows.formats.eks_agent.records import recognise
from flowcheck.flows.logs.form import Format

FORMAT = Format(
    "eks-agent",
    "EKS network policy agent",
    recognise,
    read,
    silent=(
        "connections that were accepted, unless the agent logs at level debug",
        "pods that no policy is for",
        "which policy decided",
        "bytes and packets",
        "types and codes of ICMP",
        "the pod behind a Service, where the sender's side reports",
    ),
)
