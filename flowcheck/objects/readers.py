"""The readers of objects, by API group and kind. Those of policies: ``dialects``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowcheck.kinds import KINDS, Role
from flowcheck.manifests.documents import Document
from flowcheck.objects.accounts import read_account
from flowcheck.objects.devices import read_cilium_node
from flowcheck.objects.network.address_sets import read_address_set
from flowcheck.objects.network.agents import read_agent
from flowcheck.objects.network.cidr_groups import read_cidr_group
from flowcheck.objects.network.tiers import read_tier
from flowcheck.objects.nodes import read_namespace, read_node
from flowcheck.objects.pods import read_pod
from flowcheck.objects.ranges import read_ranges
from flowcheck.objects.routes.destination_rules import read_destination_rule
from flowcheck.objects.routes.gateway_routes import read_gateway_route
from flowcheck.objects.routes.virtual_services import read_virtual_service
from flowcheck.objects.services import read_service
from flowcheck.objects.slices import read_endpoints, read_slice
from flowcheck.objects.values import ObjectValue
from flowcheck.objects.workloads import read_controller

Reader = Callable[[Document, int | None], ObjectValue]
"""``(document, seen)``: when a dated input shows it so. Raises ManifestError where it cannot be read."""


def _whenever(read: Callable[[Document], ObjectValue]) -> Reader:
    return lambda document, seen: read(document)


_BY_KIND: Mapping[str, Reader] = {
    "Namespace": _whenever(read_namespace),
    "Node": _whenever(read_node),
    "CiliumNode": _whenever(read_cilium_node),
    "Pod": read_pod,
    "Service": _whenever(read_service),
    "ServiceAccount": _whenever(read_account),
    "EndpointSlice": _whenever(read_slice),
    "Endpoints": _whenever(read_endpoints),
    "CiliumCIDRGroup": _whenever(read_cidr_group),
    "NetworkSet": _whenever(read_address_set),
    "GlobalNetworkSet": _whenever(read_address_set),
    "HostEndpoint": _whenever(read_address_set),
    "Tier": _whenever(read_tier),
    "VirtualService": _whenever(read_virtual_service),
    "DestinationRule": _whenever(read_destination_rule),
}
_BY_ROLE: Mapping[Role, Reader] = {
    Role.WORKLOAD: _whenever(read_controller),
    Role.RANGE: _whenever(read_ranges),
    Role.AGENT: _whenever(read_agent),
    Role.ROUTE: _whenever(read_gateway_route),
}

READERS: Mapping[tuple[str, str], Reader] = {
    (one.group, one.kind): _BY_KIND[one.kind] if one.kind in _BY_KIND else _BY_ROLE[one.role]
    for one in KINDS
    if one.role is not Role.POLICY
}
