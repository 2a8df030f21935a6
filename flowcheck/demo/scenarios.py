"""What is planted among the everyday traffic, and what an audit has to say of it.

The counts are the plan that the flows are made by, never an audit's output. ``PLANTED`` maps each
scenario's name to the number of flow records (rows) that belong to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowcheck.demo import places as at
from flowcheck.demo.everyday import FROM_OUTSIDE, ICMP, TCP, TO_OUTSIDE, UDP

ALLOWED, DENIED, DROPPED = 1, 2, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """``rows`` flow records of one story, between ``hours`` (UTC, half-open), and what is true of them.

    ``kind`` and ``direction`` are empty where nothing is violated; ``source`` and ``destination`` are
    what a finding names: a workload, a node, or an outside block (given as one network inside it).
    ``policies`` are the deciding ones of both sides. Every connection is
    written once by each of ``reporters``, so ``rows`` is a multiple of their number.
    """

    name: str
    title: str
    rows: int
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: tuple[int | None, ...]
    protocol: int = TCP
    reporters: tuple[int, ...] = (1, 2)
    action: int = ALLOWED
    initiator: int = 1
    hours: tuple[int, int] = (0, 24)
    verdict: str = "deny"
    reason: str = ""
    kind: str = ""
    direction: str = ""
    source: str = ""
    destination: str = ""
    policies: tuple[str, ...] = ()


def denied_by(namespace: str, *names: str) -> tuple[str, ...]:
    """How a denial for want of an allowing rule is written: an entry for each isolating policy."""
    return tuple(f"default-deny by NetworkPolicy/{namespace}/{name}" for name in sorted(names))


FORWARDED_DENIED: tuple[Scenario, ...] = (
    Scenario(
        name="default_deny_ingress",
        title="Grafana reads the cart store, which admits nobody but cart",
        rows=420,
        sources=at.GRAFANA,
        destinations=at.CART_STORE,
        ports=(6379,),
        hours=(9, 17),
        kind="forwarded_denied",
        direction="ingress",
        source="monitoring/Deployment/grafana",
        destination="shop/Deployment/cart-store",
        policies=denied_by("shop", "allow-metrics", "cart-store", "default-deny"),
    ),
    Scenario(
        name="egress_denied",
        title="catalog fetches packages from a mirror outside; nothing lets it out",
        rows=173,
        sources=at.CATALOG,
        destinations=at.MIRROR,
        ports=(443,),
        reporters=TO_OUTSIDE,
        hours=(3, 5),
        kind="forwarded_denied",
        direction="egress",
        source="shop/Deployment/catalog",
        destination="198.18.200.7/32",
        policies=denied_by("shop", "allow-dns", "default-deny"),
    ),
    Scenario(
        name="bank_test_systems",
        title="settlement calls the bank's test systems, the excepted half of the allowed block",
        rows=57,
        sources=at.SETTLEMENT,
        destinations=at.BANK_TEST,
        ports=(443,),
        reporters=TO_OUTSIDE,
        hours=(1, 3),
        kind="forwarded_denied",
        direction="egress",
        source="payments/Deployment/settlement",
        destination="198.51.100.128/25",
        policies=denied_by("payments", "allow-dns", "default-deny", "settlement"),
    ),
    Scenario(
        name="copyists_let_in",
        title="the gateway serves the excepted network 203.0.113.0/24",
        rows=911,
        sources=at.COPYISTS,
        destinations=at.GATEWAY,
        ports=(8080,),
        reporters=FROM_OUTSIDE,
        hours=(0, 24),
        kind="forwarded_denied",
        direction="ingress",
        source="203.0.113.0/24",
        destination="shop/Deployment/gateway",
        policies=denied_by("shop", "allow-metrics", "default-deny", "gateway"),
    ),
    Scenario(
        name="wrong_namespace",
        title="checkout-probe carries the label app=storefront, but in another namespace",
        rows=288,
        sources=at.CHECKOUT_PROBE,
        destinations=at.ORDERS[:1],
        ports=(8080,),
        kind="forwarded_denied",
        direction="ingress",
        source="monitoring/Deployment/checkout-probe",
        destination="shop/Deployment/orders",
        policies=denied_by("shop", "allow-metrics", "default-deny", "orders"),
    ),
    Scenario(
        name="second_address",
        title="checkout-probe reaches the new storefront by its IPv6 address",
        rows=46,
        sources=at.CHECKOUT_PROBE_V6,
        destinations=at.STOREFRONT_NEW_V6,
        ports=(9080,),
        kind="forwarded_denied",
        direction="ingress",
        source="monitoring/Deployment/checkout-probe",
        destination="shop/Deployment/storefront",
        policies=denied_by("shop", "allow-metrics", "default-deny", "storefront"),
    ),
    Scenario(
        name="wrong_port",
        title="Prometheus profiles payments-api on 6060; it may scrape the port named metrics only",
        rows=134,
        sources=at.PROMETHEUS,
        destinations=at.PAYMENTS_API,
        ports=(6060,),
        hours=(13, 15),
        kind="forwarded_denied",
        direction="ingress",
        source="monitoring/StatefulSet/prometheus",
        destination="payments/Deployment/payments-api",
        policies=denied_by("payments", "allow-metrics", "default-deny", "payments-api"),
    ),
    Scenario(
        name="denied_by_both",
        title="cart asks payments-api itself: cart may not go out to it, and it does not admit cart",
        rows=210,
        sources=at.CART,
        destinations=at.PAYMENTS_API[:2],
        ports=(50051,),
        hours=(18, 22),
        kind="forwarded_denied",
        direction="both",
        source="shop/Deployment/cart",
        destination="payments/Deployment/payments-api",
        policies=(
            *denied_by("shop", "allow-dns", "cart", "default-deny"),
            *denied_by("payments", "allow-metrics", "default-deny", "payments-api"),
        ),
    ),
    Scenario(
        name="old_port_on_new_pod",
        title="the gateway calls 8080 on the new storefront pod, where the port named http is 9080",
        rows=96,
        sources=at.GATEWAY,
        destinations=at.STOREFRONT_NEW,
        ports=(8080,),
        hours=(6, 7),
        kind="forwarded_denied",
        direction="ingress",
        source="shop/Deployment/gateway",
        destination="shop/Deployment/storefront",
        policies=denied_by("shop", "allow-metrics", "default-deny", "storefront"),
    ),
    Scenario(
        name="other_node",
        title="something on node-b opens the ledger on node-a; only a pod's own node is exempt",
        rows=31,
        sources=at.NODE_B,
        destinations=at.LEDGER_PRIMARY,
        ports=(5432,),
        reporters=FROM_OUTSIDE,
        hours=(2, 4),
        kind="forwarded_denied",
        direction="ingress",
        source="Node/node-b",
        destination="payments/StatefulSet/ledger-db",
        policies=denied_by("payments", "default-deny", "ledger-db"),
    ),
    Scenario(
        name="past_the_range",
        title="log-agent sends to 24231, one past the end of the allowed port range",
        rows=65,
        sources=at.LOG_AGENTS,
        destinations=at.LOG_COLLECTOR,
        ports=(24231,),
        reporters=TO_OUTSIDE,
        hours=(20, 24),
        kind="forwarded_denied",
        direction="egress",
        source="monitoring/DaemonSet/log-agent",
        destination="192.0.2.0/26",
        policies=denied_by("monitoring", "log-agent"),
    ),
)

DROPPED_ALLOWED: tuple[Scenario, ...] = (
    Scenario(
        name="cart_store_refused",
        title="cart is refused by the cart store, although both sides allow it",
        rows=77,
        sources=at.CART,
        destinations=at.CART_STORE,
        ports=(6379,),
        reporters=(2,),
        action=DENIED,
        hours=(11, 12),
        verdict="allow",
        kind="dropped_allowed",
        source="shop/Deployment/cart",
        destination="shop/Deployment/cart-store",
        policies=("NetworkPolicy/shop/cart[egress[0]]", "NetworkPolicy/shop/cart-store[ingress[0]]"),
    ),
    Scenario(
        name="dns_refused",
        title="payments-api is refused name lookups, although allow-dns lets it",
        rows=52,
        sources=at.PAYMENTS_API,
        destinations=at.COREDNS,
        ports=(53,),
        protocol=UDP,
        reporters=TO_OUTSIDE,
        action=DENIED,
        hours=(11, 12),
        verdict="allow",
        kind="dropped_allowed",
        source="payments/Deployment/payments-api",
        destination="kube-system/Deployment/coredns",
        policies=("NetworkPolicy/payments/allow-dns[egress[0]]",),
    ),
)

UNDECIDED: tuple[Scenario, ...] = (
    Scenario(
        name="nobody_called",
        title="Grafana calls an address of node-b's pod range that no pod of the snapshot has",
        rows=39,
        sources=at.GRAFANA,
        destinations=at.NOBODY,
        ports=(8080,),
        reporters=TO_OUTSIDE,
        verdict="unknown",
        reason="unresolved_dst",
    ),
    Scenario(
        name="nobody_calls",
        title="an address of node-c's pod range that no pod of the snapshot has calls catalog",
        rows=83,
        sources=at.NOBODY_ELSE,
        destinations=at.CATALOG,
        ports=(8080,),
        reporters=FROM_OUTSIDE,
        verdict="unknown",
        reason="unresolved_src",
    ),
    Scenario(
        name="who_began",
        title="storefront and catalog, both on ports that systems hand out: nobody saw who opened it",
        rows=128,
        sources=at.STOREFRONT,
        destinations=at.CATALOG,
        ports=(45123,),
        initiator=0,
        verdict="unknown",
        reason="unknown_initiator",
    ),
    Scenario(
        name="ping",
        title="Prometheus pings the ledger: ICMP has no port, and what policies mean for it is open",
        rows=24,
        sources=at.PROMETHEUS,
        destinations=at.LEDGER_PRIMARY,
        ports=(None,),
        protocol=ICMP,
        verdict="unknown",
        reason="no_port",
    ),
)

IN_ORDER: tuple[Scenario, ...] = (
    Scenario(
        name="copyists_kept_out",
        title="203.0.113.0/24 at the gateway, denied as it should be",
        rows=2_604,
        sources=at.COPYISTS,
        destinations=at.GATEWAY,
        ports=(8080,),
        reporters=FROM_OUTSIDE,
        action=DENIED,
    ),
    Scenario(
        name="cart_kept_in",
        title="cart tries the mirror outside and is denied as it should be",
        rows=166,
        sources=at.CART,
        destinations=at.MIRROR,
        ports=(443,),
        reporters=TO_OUTSIDE,
        action=DENIED,
        hours=(3, 5),
    ),
    Scenario(
        name="own_node_probes",
        title="node-c's kubelet probes cart and orders, which admit no node; a pod's own node always may",
        rows=1_440,
        sources=at.NODE_C,
        destinations=("10.42.3.13", "10.42.3.15"),
        ports=(8080,),
        reporters=FROM_OUTSIDE,
        verdict="allow",
    ),
    Scenario(
        name="lost_on_the_way",
        title="storefront to catalog, dropped for a cause that is no policy: never compared",
        rows=45,
        sources=at.STOREFRONT,
        destinations=at.CATALOG,
        ports=(8080,),
        reporters=TO_OUTSIDE,
        action=DROPPED,
        verdict="allow",
    ),
    Scenario(
        name="affinity_broken",
        title="storefront changes to the other pod of orders and back, against its ClientIP affinity",
        rows=48,
        sources=at.STOREFRONT[:1],
        destinations=at.ORDERS[1:],
        ports=(8080,),
        hours=(14, 15),
        verdict="allow",
    ),
)

SCENARIOS: tuple[Scenario, ...] = FORWARDED_DENIED + DROPPED_ALLOWED + UNDECIDED + IN_ORDER
PLANTED: dict[str, int] = {scenario.name: scenario.rows for scenario in SCENARIOS}
