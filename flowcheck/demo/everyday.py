"""The everyday traffic of the sample cluster: who talks to whom, how often, how much. All of it is allowed.

Read by ``flows``. No policy is broken here. Connections spread evenly over their destinations, but where
``spread`` or ``sticky`` says otherwise: that is planted for the load of Services.
"""

from __future__ import annotations

from typing import NamedTuple

from flowcheck.demo import places as at
from flowcheck.model.protocols import TCP, UDP

SCRAPED = at.GATEWAY + at.STOREFRONT + at.CATALOG + at.CART + at.ORDERS
WATCHERS = at.GRAFANA + at.PROMETHEUS + at.LOG_AGENTS + at.CHECKOUT_PROBE


class Edge(NamedTuple):
    """Connections from any of ``sources`` to any of ``destinations``.

    ``weight`` is the share of all connections. ``reporters`` may write a record each (1: the source's
    node, 2: the destination's); outside the cluster nobody does. ``size`` is about the bytes of one.
    ``spread`` weighs the destinations (empty: even); ``sticky``: every source has one of them for good.
    """

    weight: int
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: tuple[int, ...]
    protocol: int = TCP
    reporters: tuple[int, ...] = (1, 2)
    size: int = 2_000
    spread: tuple[int, ...] = ()
    sticky: bool = False


FROM_OUTSIDE, TO_OUTSIDE = (2,), (1,)
UNEVEN, HOT = (3, 2), (5, 1)

EDGES: tuple[Edge, ...] = (
    # Customers come in, and each page asks for a few things more.
    Edge(300, at.CUSTOMERS, at.GATEWAY, (8080,), reporters=FROM_OUTSIDE, size=60_000),
    Edge(150, at.GATEWAY, at.STOREFRONT_OLD, (8080,), size=50_000),
    Edge(75, at.GATEWAY, at.STOREFRONT_NEW, (9080,), size=50_000),
    Edge(12, at.GATEWAY_V6, at.STOREFRONT_OLD_V6, (8080,), size=50_000),
    Edge(6, at.GATEWAY_V6, at.STOREFRONT_NEW_V6, (9080,), size=50_000),
    Edge(260, at.STOREFRONT, at.CATALOG, (8080,), size=24_000, spread=UNEVEN),
    Edge(90, at.STOREFRONT, at.CART, (8080,), size=3_000, spread=HOT),
    Edge(90, at.CART, at.CART_STORE, (6379,), size=1_200),
    Edge(24, at.STOREFRONT, at.ORDERS, (8080,), size=6_000, sticky=True),
    Edge(20, at.ORDERS, at.CATALOG, (8080,), size=8_000, spread=UNEVEN),
    # Money.
    Edge(20, at.ORDERS, at.PAYMENTS_API[:2], (50051,), size=3_500),
    Edge(30, at.PAYMENTS_API, at.LEDGER_PRIMARY, (5432,), size=9_000),
    Edge(6, at.SETTLEMENT, at.LEDGER_PRIMARY, (5432,), size=90_000),
    Edge(4, at.SETTLEMENT, at.BANK, (443,), reporters=TO_OUTSIDE, size=40_000),
    Edge(5, at.LEDGER_STANDBY, at.LEDGER_PRIMARY, tuple(range(5433, 5441)), size=400_000),
    # Names.
    Edge(70, at.SHOP, at.COREDNS, (53,), UDP, size=180),
    Edge(16, at.PAYMENTS, at.COREDNS, (53,), UDP, size=180),
    Edge(14, WATCHERS, at.COREDNS, (53,), UDP, size=180),
    Edge(2, at.SHOP + at.PAYMENTS, at.COREDNS, (53,), size=1_500),
    Edge(12, at.COREDNS, at.UPSTREAM_DNS, (53,), UDP, reporters=TO_OUTSIDE, size=220),
    # Watching.
    Edge(40, at.PROMETHEUS, SCRAPED, (9102,), size=30_000),
    Edge(12, at.PROMETHEUS, at.PAYMENTS_API + at.SETTLEMENT, (9102,), size=30_000),
    Edge(8, at.PROMETHEUS, at.COREDNS, (9153,), size=20_000),
    Edge(10, at.PROMETHEUS, at.NODES, (9100,), size=80_000),
    Edge(14, at.GRAFANA, at.PROMETHEUS, (9090,), size=16_000),
    Edge(8, at.OFFICE, at.GRAFANA, (3000,), reporters=FROM_OUTSIDE, size=120_000),
    Edge(9, at.CHECKOUT_PROBE, at.CDN, (443,), reporters=TO_OUTSIDE, size=50_000),
    Edge(18, at.LOG_AGENTS, at.LOG_COLLECTOR, tuple(range(24224, 24231)), reporters=TO_OUTSIDE, size=250_000),
)
