"""Who talked to whom in the second sample, and what its policies say of that.

The counts are the plan that the log is made by, never an audit's output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PODS = {
    "kube-system/coredns-0": ("10.20.1.10", "node-1"),
    "shop/front-0": ("10.20.1.11", "node-1"),
    "shop/front-1": ("10.20.2.11", "node-2"),
    "shop/orders-0": ("10.20.2.12", "node-2"),
    "pay/ledger-0": ("10.20.1.13", "node-1"),
    "pay/payout-0": ("10.20.2.14", "node-2"),
}
"""The address and the node of each pod."""
DNS = "kube-system/coredns-0"
BANK = ("api.bank.example", "198.51.100.20")
"""The name and the address of the bank that orders pays by."""


@dataclass(frozen=True)
class Talk:
    """Connections of one kind, each recorded once, at the source where that is a pod. ``dropped``: the log
    says that a policy stopped them. ``found``: what an audit by the policies has to say; empty: nothing."""

    what: str
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    port: int
    connections: int
    protocol: Literal["TCP", "UDP"] = "TCP"
    dropped: bool = False
    found: Literal["", "forwarded_denied", "dropped_allowed"] = ""


_FRONT, _WORLD = ("shop/front-0", "shop/front-1"), ("203.0.113.7", "203.0.113.80")
ORDINARY = (
    Talk("customers at the shop's front", _WORLD, _FRONT, 8080, 400),
    Talk("front calls orders", _FRONT, ("shop/orders-0",), 9090, 600),
    Talk("orders writes to the ledger", ("shop/orders-0",), ("pay/ledger-0",), 5432, 300),
    Talk("payout reads the ledger", ("pay/payout-0",), ("pay/ledger-0",), 5432, 150),
    Talk("orders pays at its bank, api.bank.example", ("shop/orders-0",), (BANK[1],), 443, 120),
    Talk("names are looked up", (*_FRONT, "shop/orders-0", "pay/payout-0"), (DNS,), 53, 500, "UDP"),
)
EXPECTED = (
    Talk(
        "front reads the ledger past orders: front may only call orders, and the ledger admits no front",
        *(_FRONT, ("pay/ledger-0",), 5432, 17),
        found="forwarded_denied",
    ),
    Talk(
        "payout reads the cloud's credentials, which no-metadata denies to all",
        *(("pay/payout-0",), ("169.254.169.254",), 80, 9),
        found="forwarded_denied",
    ),
    Talk(
        "orders calls a host that never had a name of the bank",
        *(("shop/orders-0",), ("203.0.113.200",), 443, 12),
        found="forwarded_denied",
    ),
    Talk(
        "payout is refused at the ledger, which admits it",
        *(("pay/payout-0",), ("pay/ledger-0",), 5432, 4),
        dropped=True,
        found="dropped_allowed",
    ),
)
