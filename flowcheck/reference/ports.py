"""Whether a flow's protocol and port are what a rule says of them."""

from __future__ import annotations

from collections.abc import Iterator

from flowcheck.model.cluster import ContainerPort, Pod
from flowcheck.model.options import Options
from flowcheck.model.ports import (
    LAST_NUMBER,
    NamedPort,
    PastProxy,
    PortRange,
    Ports,
    PortsBut,
    ProtocolsBut,
    ServicePorts,
)
from flowcheck.model.protocols import ICMP, ICMPV6, TCP, WITH_PORTS
from flowcheck.reference.answers import Answer, lasting
from flowcheck.reference.ends import End
from flowcheck.reference.surroundings import Surroundings, listed_in, served_at

NUMBERED = WITH_PORTS | {ICMP, ICMPV6}
"""The protocols of which a flow has a number: a port, or type and code."""


class Aimed:
    """Where a flow goes: a destination, and there a protocol and number (None: it has none, or it was not
    recorded)."""

    def __init__(
        self, destination: End, protocol: int, number: int | None, around: Surroundings, options: Options
    ) -> None:
        self.destination, self.protocol, self.number = destination, protocol, number
        self.around, self.options = around, options

    def is_at(self, ports: Ports) -> Answer:
        """A name is looked up on the destination pod, all its numbers."""
        match ports:
            case PortRange():
                return ports.protocol == self.protocol and self._between(ports.first, ports.last)
            case NamedPort():
                means = self._named(ports)
                last = (max(n, ports.last) if ports.last is not None else n for n in means)
                return any(self._between(n, end) for n, end in zip(means, last, strict=True))
            case PortsBut():
                mine = ports.protocol == self.protocol and self.number is not None
                among = ports.ports is None or any(self.is_at(one) for one in ports.ports)
                return mine and among and not any(self.is_at(one) for one in ports.but)
            case ProtocolsBut():
                return self.protocol not in ports.protocols
            case PastProxy():
                pod = self.destination.pod
                past = pod.mesh.inbound_past if pod is not None and pod.mesh else ()
                return self.protocol == TCP and self.number in past
            case ServicePorts():
                if ports.protocol not in (None, self.protocol):
                    return False
                slices = self.around.slices(ports.namespace, ports.name)
                here = self.protocol, -1 if self.number is None else self.number
                return lasting(
                    [
                        self.destination.address in listed_in(one) and here in served_at(one)
                        for one in versions
                    ]
                    for versions in slices
                )

    def _between(self, first: int, last: int) -> bool:
        if self.protocol not in NUMBERED:
            return True
        whole = first == 0 and last == LAST_NUMBER
        return whole or (self.number is not None and first <= self.number <= last)

    def _named(self, ports: NamedPort) -> list[int]:
        """What a name means on the destination, in the flow's protocol."""
        pod = self.destination.pod
        if pod is None or ports.protocol not in (None, self.protocol):
            return []
        means = [one for one in naming(pod, self.options) if one.name == ports.name]
        if self.options.same_port_name == "last":
            means = means[-1:]
        return [one.number for one in means if one.protocol == self.protocol]


def naming(pod: Pod, options: Options) -> list[ContainerPort]:
    """The ports of a pod that a rule can name."""
    sidecars = [one for one in pod.ports if not one.sidecar or options.port_names != "containers"]
    return [*sidecars, *(pod.init_ports if options.port_names == "init" else ())]


def edges(ports: Ports, destination: End, around: Surroundings) -> Iterator[int]:
    """The numbers at which it begins or ends to hold, on this destination."""
    match ports:
        case PortRange(_, first, last):
            yield from (first, last + 1)
        case NamedPort(_, _, last):
            yield from () if last is None else (last + 1,)
        case PortsBut():
            for one in (*(ports.ports or ()), *ports.but):
                yield from edges(one, destination, around)
        case ProtocolsBut():
            pass
        case PastProxy():
            past = destination.pod and destination.pod.mesh
            for number in past.inbound_past if past else ():
                yield from (number, number + 1)
        case ServicePorts():
            for versions in around.slices(ports.namespace, ports.name):
                for slice_ in versions:
                    for _, number in served_at(slice_):
                        yield from (number, number + 1)
    if destination.pod is not None:
        for port in (*destination.pod.ports, *destination.pod.init_ports):
            yield from (port.number, port.number + 1)
