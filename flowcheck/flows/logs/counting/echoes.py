"""Which end opened an exchange of ICMP messages, by the type of one of them."""

from __future__ import annotations

from flowcheck.flows.logs.counting.connections import turn_round
from flowcheck.flows.logs.rows import Row
from flowcheck.flows.logs.values.icmp import ANSWERS

_ASKED = {(protocol, answer): asks for protocol, pairs in ANSWERS.items() for asks, answer in pairs.items()}


def orient(row: Row) -> bool:
    """Whether the row is of a message that asks, or of an answer, which is turned round: its type becomes
    the one that it answers."""
    if row.protocol is None or row.icmp_type is None:
        return False
    asked = _ASKED.get((row.protocol, row.icmp_type))
    if asked is not None:
        turn_round(row)
        row.icmp_type = asked
    elif row.icmp_type in ANSWERS.get(row.protocol, ()):
        row.initiator = 1
    else:
        return False
    return True
