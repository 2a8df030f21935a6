"""ICMP messages that come in pairs, and those that tell of another connection.

Source: RFC 792, RFC 950, RFC 1256, RFC 4443, RFC 4861, RFC 2710, RFC 4620.
"""

from __future__ import annotations

ICMP, ICMPV6 = 1, 58
ANSWERS = {
    ICMP: {8: 0, 13: 14, 15: 16, 17: 18, 10: 9},
    ICMPV6: {128: 129, 133: 134, 135: 136, 130: 131, 139: 140},
}
"""By protocol: the type of the answer to each type that asks."""
ERRORS = {ICMP: (3, 4, 5, 11, 12), ICMPV6: (1, 2, 3, 4)}
"""By protocol: types that tell of a packet of another connection."""
