"""Which columns a line without a header has, by how many there are and what stands where a Service's address
or port does.

The file of the S3 uploader has ClickHouse's columns and more, with the labels of pods in single quotes; the
flow aggregator's log has fewer, and names for some numbers. Both had no destinationServiceIP and ended
earlier in older releases.
"""

from __future__ import annotations

from collections.abc import Sequence

_ENDS = ["sourceIP", "destinationIP", "sourceTransportPort", "destinationTransportPort", "protocolIdentifier"]
_COUNTERS = [
    *["packetTotalCount", "octetTotalCount", "packetDeltaCount", "octetDeltaCount"],
    *["reversePacketTotalCount", "reverseOctetTotalCount"],
    *["reversePacketDeltaCount", "reverseOctetDeltaCount"],
]
_SIDES = [
    *["sourcePodName", "sourcePodNamespace", "sourceNodeName"],
    *["destinationPodName", "destinationPodNamespace", "destinationNodeName"],
    *["destinationClusterIP", "destinationServiceIP", "destinationServicePort", "destinationServicePortName"],
    *(
        f"{side}NetworkPolicy{what}"
        for side in ("ingress", "egress")
        for what in ("Name", "Namespace", "RuleName", "RuleAction", "Type")
    ),
]
_EGRESS = ["egressName", "egressIP", "egressNodeName"]
UPLOADED = [
    *["flowStartSeconds", "flowEndSeconds", "flowEndSecondsFromSourceNode"],
    *["flowEndSecondsFromDestinationNode", "flowEndReason"],
    *(*_ENDS, *_COUNTERS, *_SIDES),
    *["tcpState", "flowType", "sourcePodLabels", "destinationPodLabels"],
    *["throughput", "reverseThroughput", "throughputFromSourceNode", "throughputFromDestinationNode"],
    *["reverseThroughputFromSourceNode", "reverseThroughputFromDestinationNode"],
    *("clusterUUID", "timeInserted", *_EGRESS),
]
LOGGED = ["flowStartSeconds", "flowEndSeconds", *_ENDS, *_SIDES, *_EGRESS]
_NEW = "destinationServiceIP"


def columns_of(values: Sequence[str]) -> list[str] | None:
    """The names of a line's values; None where it is neither."""
    for names, ends in ((UPLOADED, 50), (LOGGED, 27)):
        place = names.index(_NEW)
        old = len(values) > place and values[place].isdecimal()
        columns = [name for name in names if name != _NEW] if old else names
        if ends - old <= len(values) <= len(columns) and _fits(dict(zip(columns, values, strict=False))):
            return columns
    return None


def _fits(record: dict[str, str]) -> bool:
    addresses = (record["sourceIP"], record["destinationIP"])
    numbers = ("flowStartSeconds", "flowEndSeconds", "sourceTransportPort", "destinationTransportPort")
    return all(record[name].isdecimal() for name in numbers) and all(
        ("." in address or ":" in address) and len(address) <= 45 for address in addresses
    )
