"""Classes of ports in words."""

from __future__ import annotations

import numpy as np

from flowcheck.compile.rules.ports import PortClasses
from flowcheck.model.protocols import ICMP, ICMPV6, PROTOCOL_NAMES, SCTP, TCP, UDP, protocol_name

_SLOTS = (TCP, UDP, SCTP, ICMP, ICMPV6)


def named_classes(ports: PortClasses) -> dict[int, str]:
    """``80/TCP``, ``1024-65535/UDP``, ``8/0/ICMP`` by type and code; what is left is ``other protocols``."""
    found = {number: protocol_name(one) for one, number in ports.alone.items()}
    for protocol, numbers in zip(_SLOTS, ports.class_of.astype(np.int32), strict=False):
        classes, first = np.unique(numbers, return_index=True)
        ends = [*first[1:].tolist(), len(numbers)]
        for class_, start, end in zip(classes.tolist(), first.tolist(), ends, strict=True):
            found[class_] = f"{_range(protocol, start, end - 1)}/{PROTOCOL_NAMES[protocol]}"
    return {**found, ports.other: "other protocols"}


def _range(protocol: int, first: int, last: int) -> str:
    texts = [str(one) if protocol in (TCP, UDP, SCTP) else f"{one >> 8}/{one & 255}" for one in (first, last)]
    return "-".join(dict.fromkeys(texts))
