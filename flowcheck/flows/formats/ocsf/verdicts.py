"""What the product that reported an event did with the connection, and whether it is a CNI."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from flowcheck.arrays import Int64
from flowcheck.flows.formats.ocsf.paths import OTHER_ACTION
from flowcheck.flows.formats.ocsf.table import Mask, Table

ALLOWED, DENIED = 1, 2
_DISPOSITIONS = {1: ALLOWED, 8: ALLOWED, 2: DENIED, 6: DENIED, 24: DENIED, 25: DENIED, 26: DENIED}
"""By disposition_id: allowed, approved; blocked, dropped, access revoked, rejected, unauthorized. Of what was
only observed or changed there is no verdict."""
_WORDS = {
    **dict.fromkeys(("allowed", "allow", "accept", "accepted", "approved", "permit", "permitted"), ALLOWED),
    **dict.fromkeys(("blocked", "block", "denied", "deny", "drop", "dropped", "reject", "rejected"), DENIED),
}
_CNIS = ("cilium", "hubble", "isovalent", "calico", "tigera", "antrea", "ovn-kubernetes", "kube-ovn")


def verdicts(table: Table) -> Int64:
    """(rows,) 0 where none is told. The first that tells decides: action_id, disposition_id, and texts."""
    found = table.numbers("action_id")
    found = np.where((found == ALLOWED) | (found == DENIED), found, 0)
    if (found == 0).any():
        disposition = table.numbers("disposition_id")
        for number, verdict in _DISPOSITIONS.items():
            found[(found == 0) & (disposition == number)] = verdict
    for path in ("disposition", "action", OTHER_ACTION):
        if (found == 0).any():
            found[(found == 0) & table.are(path, lambda text: _WORDS.get(text.lower()) == ALLOWED)] = ALLOWED
            found[(found == 0) & table.are(path, lambda text: _WORDS.get(text.lower()) == DENIED)] = DENIED
    return found


def of_a_cni(table: Table) -> Mask:
    """Which events a CNI reports: its verdicts are those of policies."""
    return _product(table, lambda text: any(name in text.lower() for name in _CNIS))


def of_interfaces(table: Table) -> Mask:
    """Which events are of AWS: its logs tell of packets that went into or out of one network interface."""
    return table.are("metadata.product.vendor_name", lambda text: text.lower() in ("aws", "amazon"))


def _product(table: Table, is_one: Callable[[str], bool]) -> Mask:
    names = ("metadata.product.name", "metadata.product.vendor_name")
    one, other = (table.are(path, is_one) for path in names)
    return one | other
