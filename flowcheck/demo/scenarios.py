"""What is planted among the everyday traffic, and what an audit has to say of it.

The counts are the plan that the flows are made by, never an audit's output. ``PLANTED`` maps each
scenario's name to the number of flow records (rows) that belong to it.
"""

from __future__ import annotations

from flowcheck.demo import places as at
from flowcheck.demo.everyday import FROM_OUTSIDE, TO_OUTSIDE
from flowcheck.demo.planted import DENIED, DROPPED, Scenario, Traffic, denied_by, refused, went_through
from flowcheck.model.protocols import ICMP, UDP

FORWARDED_DENIED = (
    went_through(
        "default_deny_ingress",
        "Grafana reads the cart store, which admits nobody but cart",
        420,
        Traffic(at.GRAFANA, at.CART_STORE, (6379,), hours=(9, 17)),
        "ingress",
        denied_by("shop", "allow-metrics", "cart-store", "default-deny"),
    ),
    went_through(
        "egress_denied",
        "catalog fetches packages from a mirror outside; nothing lets it out",
        173,
        Traffic(at.CATALOG, at.MIRROR, (443,), reporters=TO_OUTSIDE, hours=(3, 5)),
        "egress",
        denied_by("shop", "allow-dns", "default-deny"),
    ),
    went_through(
        "bank_test_systems",
        "settlement calls the bank's test systems, the excepted half of the allowed block",
        57,
        Traffic(at.SETTLEMENT, at.BANK_TEST, (443,), reporters=TO_OUTSIDE, hours=(1, 3)),
        "egress",
        denied_by("payments", "allow-dns", "default-deny", "settlement"),
    ),
    went_through(
        "copyists_let_in",
        "the gateway serves the excepted network 203.0.113.0/24",
        911,
        Traffic(at.COPYISTS, at.GATEWAY, (8080,), reporters=FROM_OUTSIDE),
        "ingress",
        denied_by("shop", "allow-metrics", "default-deny", "gateway"),
    ),
    went_through(
        "wrong_namespace",
        "checkout-probe carries the label app=storefront, but in another namespace",
        288,
        Traffic(at.CHECKOUT_PROBE, at.ORDERS[:1], (8080,)),
        "ingress",
        denied_by("shop", "allow-metrics", "default-deny", "orders"),
    ),
    went_through(
        "second_address",
        "checkout-probe reaches the new storefront by its IPv6 address",
        46,
        Traffic(at.CHECKOUT_PROBE_V6, at.STOREFRONT_NEW_V6, (9080,)),
        "ingress",
        denied_by("shop", "allow-metrics", "default-deny", "storefront"),
    ),
    went_through(
        "wrong_port",
        "Prometheus profiles payments-api on 6060; it may scrape the port named metrics only",
        134,
        Traffic(at.PROMETHEUS, at.PAYMENTS_API, (6060,), hours=(13, 15)),
        "ingress",
        denied_by("payments", "allow-metrics", "default-deny", "payments-api"),
    ),
    went_through(
        "denied_by_both",
        "cart asks payments-api itself: cart may not go out to it, and it does not admit cart",
        210,
        Traffic(at.CART, at.PAYMENTS_API[:2], (50051,), hours=(18, 22)),
        "both",
        (
            *denied_by("shop", "allow-dns", "cart", "default-deny"),
            *denied_by("payments", "allow-metrics", "default-deny", "payments-api"),
        ),
    ),
    went_through(
        "old_port_on_new_pod",
        "the gateway calls 8080 on the new storefront pod, where the port named http is 9080",
        96,
        Traffic(at.GATEWAY, at.STOREFRONT_NEW, (8080,), hours=(6, 7)),
        "ingress",
        denied_by("shop", "allow-metrics", "default-deny", "storefront"),
    ),
    went_through(
        "other_node",
        "something on node-b opens the ledger on node-a; only a pod's own node is exempt",
        31,
        Traffic(at.NODE_B, at.LEDGER_PRIMARY, (5432,), reporters=FROM_OUTSIDE, hours=(2, 4)),
        "ingress",
        denied_by("payments", "default-deny", "ledger-db"),
    ),
    went_through(
        "past_the_range",
        "log-agent sends to 24231, one past the end of the allowed port range",
        65,
        Traffic(at.LOG_AGENTS, at.LOG_COLLECTOR, (24231,), reporters=TO_OUTSIDE, hours=(20, 24)),
        "egress",
        denied_by("monitoring", "log-agent"),
    ),
)

DROPPED_ALLOWED = (
    refused(
        "cart_store_refused",
        "cart is refused by the cart store, although both sides allow it",
        77,
        Traffic(at.CART, at.CART_STORE, (6379,), reporters=(2,), action=DENIED, hours=(11, 12)),
        "NetworkPolicy/shop/cart[egress[0]]",
        "NetworkPolicy/shop/cart-store[ingress[0]]",
    ),
    refused(
        "dns_refused",
        "payments-api is refused name lookups, although allow-dns lets it",
        52,
        Traffic(
            at.PAYMENTS_API,
            at.COREDNS,
            (53,),
            protocol=UDP,
            reporters=TO_OUTSIDE,
            action=DENIED,
            hours=(11, 12),
        ),
        "NetworkPolicy/payments/allow-dns[egress[0]]",
    ),
)

UNDECIDED = (
    Scenario(
        "nobody_called",
        "Grafana calls an address of node-b's pod range that no pod of the snapshot has",
        39,
        Traffic(at.GRAFANA, at.NOBODY, (8080,), reporters=TO_OUTSIDE),
        "unknown",
        "unresolved_dst",
    ),
    Scenario(
        "nobody_calls",
        "an address of node-c's pod range that no pod of the snapshot has calls catalog",
        83,
        Traffic(at.NOBODY_ELSE, at.CATALOG, (8080,), reporters=FROM_OUTSIDE),
        "unknown",
        "unresolved_src",
    ),
    Scenario(
        "who_began",
        "storefront and catalog, both on ports that systems hand out: nobody saw who opened it",
        128,
        Traffic(at.STOREFRONT, at.CATALOG, (45123,), initiator=0),
        "unknown",
        "unknown_initiator",
    ),
    Scenario(
        "ping",
        "Prometheus pings the ledger: ICMP has no port, and what policies mean for it is open",
        24,
        Traffic(at.PROMETHEUS, at.LEDGER_PRIMARY, (None,), protocol=ICMP),
        "unknown",
        "no_port",
    ),
)

IN_ORDER = (
    Scenario(
        "copyists_kept_out",
        "203.0.113.0/24 at the gateway, denied as it should be",
        2_604,
        Traffic(at.COPYISTS, at.GATEWAY, (8080,), reporters=FROM_OUTSIDE, action=DENIED),
        "deny",
    ),
    Scenario(
        "cart_kept_in",
        "cart tries the mirror outside and is denied as it should be",
        166,
        Traffic(at.CART, at.MIRROR, (443,), reporters=TO_OUTSIDE, action=DENIED, hours=(3, 5)),
        "deny",
    ),
    Scenario(
        "own_node_probes",
        "node-c's kubelet probes cart and orders, which admit no node; a pod's own node always may",
        1_440,
        Traffic(at.NODE_C, ("10.42.3.13", "10.42.3.15"), (8080,), reporters=FROM_OUTSIDE),
        "allow",
    ),
    Scenario(
        "lost_on_the_way",
        "storefront to catalog, dropped for a cause that is no policy: never compared",
        45,
        Traffic(at.STOREFRONT, at.CATALOG, (8080,), reporters=TO_OUTSIDE, action=DROPPED),
        "allow",
    ),
    Scenario(
        "affinity_broken",
        "storefront changes to the other pod of orders and back, against its ClientIP affinity",
        48,
        Traffic(at.STOREFRONT[:1], at.ORDERS[1:], (8080,), hours=(14, 15)),
        "allow",
    ),
)

SCENARIOS = FORWARDED_DENIED + DROPPED_ALLOWED + UNDECIDED + IN_ORDER
PLANTED = {scenario.name: scenario.rows for scenario in SCENARIOS}
