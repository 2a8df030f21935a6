"""Who has which address in the sample cluster: the addresses that ``cluster/*.yaml`` gives its pods.

Written out a second time because flows are made of addresses alone; a test holds the two together.
Every name is a group of addresses that traffic is drawn from. Outside addresses are of the ranges
reserved for documentation and benchmarking (RFC 5737, RFC 2544).
"""

from __future__ import annotations

GATEWAY = ("10.42.1.10", "10.42.2.10")
GATEWAY_V6 = ("fd42:1::10", "fd42:2::10")
STOREFRONT_OLD = ("10.42.1.11", "10.42.3.11")
STOREFRONT_OLD_V6 = ("fd42:1::11", "fd42:3::11")
STOREFRONT_NEW = ("10.42.2.11",)
STOREFRONT_NEW_V6 = ("fd42:2::11",)
STOREFRONT = STOREFRONT_OLD + STOREFRONT_NEW
CATALOG = ("10.42.1.12", "10.42.2.12")
CART = ("10.42.2.13", "10.42.3.13")
CART_STORE = ("10.42.3.14",)
ORDERS = ("10.42.1.15", "10.42.3.15")
SHOP = GATEWAY + STOREFRONT + CATALOG + CART + CART_STORE + ORDERS

PAYMENTS_API = ("10.42.1.20", "10.42.2.20", "10.42.3.20")
SETTLEMENT = ("10.42.3.21",)
LEDGER_PRIMARY = ("10.42.1.22",)
LEDGER_STANDBY = ("10.42.2.22",)
PAYMENTS = PAYMENTS_API + SETTLEMENT + LEDGER_PRIMARY + LEDGER_STANDBY

PROMETHEUS = ("10.42.2.30",)
GRAFANA = ("10.42.1.31",)
CHECKOUT_PROBE = ("10.42.3.32",)
CHECKOUT_PROBE_V6 = ("fd42:3::32",)
LOG_AGENTS = ("10.42.1.33", "10.42.2.33", "10.42.3.33")

COREDNS = ("10.42.1.2", "10.42.2.2")
NODE_A, NODE_B, NODE_C = ("10.0.0.11",), ("10.0.0.12",), ("10.0.0.13",)
NODES = NODE_A + NODE_B + NODE_C

NOBODY = ("10.42.2.240",)
"""Inside node-b's pod range, owned by no pod of the snapshot."""
NOBODY_ELSE = ("10.42.3.250",)
"""Likewise on node-c."""

CUSTOMERS = tuple(f"198.18.{i // 200}.{i % 200 + 10}" for i in range(600))
COPYISTS = tuple(f"203.0.113.{i}" for i in range(16, 48))
OFFICE = tuple(f"192.0.2.{i}" for i in range(70, 90))
LOG_COLLECTOR = ("192.0.2.10", "192.0.2.11")
BANK = ("198.51.100.20", "198.51.100.21", "198.51.100.40")
BANK_TEST = ("198.51.100.200",)
MIRROR = ("198.18.200.7",)
CDN = ("198.18.250.9",)
"""Serves the shop's pictures."""
UPSTREAM_DNS = ("192.0.2.53",)
