"""What the readers of objects give: a value of the model for each kind."""

from __future__ import annotations

from flowcheck.model.cluster import Namespace, Node, Pod
from flowcheck.model.mesh.routes import DestinationRule, Route
from flowcheck.model.ranges import AddressSet, PodRanges
from flowcheck.model.service import EndpointSlice, Service
from flowcheck.model.tiers import Tier
from flowcheck.objects.accounts import ServiceAccount
from flowcheck.objects.devices import NodeDevices
from flowcheck.objects.network.agents import Agent
from flowcheck.objects.workloads import Controller

ObjectValue = (
    Namespace
    | Node
    | NodeDevices
    | Pod
    | Service
    | ServiceAccount
    | list[EndpointSlice]
    | Controller
    | PodRanges
    | AddressSet
    | Agent
    | Tier
    | Route
    | DestinationRule
)
"""An Endpoints object makes several EndpointSlices, an EndpointSlice one."""
