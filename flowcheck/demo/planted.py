"""What a planted scenario is: the traffic that is drawn for it, and what an audit has to say of that."""

from __future__ import annotations

from dataclasses import dataclass

from flowcheck.demo import places as at
from flowcheck.model.protocols import TCP

ALLOWED, DENIED, DROPPED = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Traffic:
    """Connections from any of ``sources`` to any of ``destinations`` between ``hours`` (UTC, half-open); each
    is written once by each of ``reporters``."""

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: tuple[int | None, ...]
    protocol: int = TCP
    reporters: tuple[int, ...] = (1, 2)
    action: int = ALLOWED
    initiator: int = 1
    hours: tuple[int, int] = (0, 24)


@dataclass(frozen=True, slots=True)
class Scenario:
    """``rows`` flow records of one story, a multiple of its reporters, and what is true of them.

    ``kind`` and ``direction`` are empty where nothing is violated. ``policies`` are the deciding ones of both
    sides.
    """

    name: str
    title: str
    rows: int
    traffic: Traffic
    verdict: str
    reason: str = ""
    kind: str = ""
    direction: str = ""
    policies: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        return name_of(self.traffic.sources[0])

    @property
    def destination(self) -> str:
        return name_of(self.traffic.destinations[0])


NAMES = {
    at.GRAFANA: "monitoring/Deployment/grafana",
    at.CART_STORE: "shop/Deployment/cart-store",
    at.CATALOG: "shop/Deployment/catalog",
    at.MIRROR: "198.18.200.7/32",
    at.SETTLEMENT: "payments/Deployment/settlement",
    at.BANK_TEST: "198.51.100.128/25",
    at.COPYISTS: "203.0.113.0/24",
    at.GATEWAY: "shop/Deployment/gateway",
    at.CHECKOUT_PROBE + at.CHECKOUT_PROBE_V6: "monitoring/Deployment/checkout-probe",
    at.ORDERS: "shop/Deployment/orders",
    at.STOREFRONT_NEW_V6 + at.STOREFRONT_NEW: "shop/Deployment/storefront",
    at.PROMETHEUS: "monitoring/StatefulSet/prometheus",
    at.PAYMENTS_API: "payments/Deployment/payments-api",
    at.CART: "shop/Deployment/cart",
    at.NODE_B: "Node/node-b",
    at.LEDGER_PRIMARY: "payments/StatefulSet/ledger-db",
    at.LOG_AGENTS: "monitoring/DaemonSet/log-agent",
    at.LOG_COLLECTOR: "192.0.2.0/26",
    at.COREDNS: "kube-system/Deployment/coredns",
}
"""What a finding calls the ends of a violation: a workload, a node, or an outside block (given as one network
inside it)."""


def name_of(address: str) -> str:
    return next(name for addresses, name in NAMES.items() if address in addresses)


def denied_by(namespace: str, *names: str) -> tuple[str, ...]:
    """How a denial for want of an allowing rule is written: an entry for each isolating policy."""
    return tuple(f"default-deny by NetworkPolicy/{namespace}/{name}" for name in sorted(names))


def went_through(
    name: str, title: str, rows: int, traffic: Traffic, direction: str, policies: tuple[str, ...]
) -> Scenario:
    """Denied on one side or both, and forwarded."""
    return Scenario(name, title, rows, traffic, "deny", "", "forwarded_denied", direction, policies)


def refused(name: str, title: str, rows: int, traffic: Traffic, *policies: str) -> Scenario:
    """Allowed by the policies, and dropped."""
    return Scenario(name, title, rows, traffic, "allow", "", "dropped_allowed", "", policies)
