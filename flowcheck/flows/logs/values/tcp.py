"""The flags of TCP. Source: RFC 9293, 3.1; RFC 3168, 6.1."""

from __future__ import annotations

FLAGS = {
    "FIN": 0x01,
    "SYN": 0x02,
    "RST": 0x04,
    "PSH": 0x08,
    "ACK": 0x10,
    "URG": 0x20,
    "ECE": 0x40,
    "CWR": 0x80,
}
"""Bits by name."""
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = FLAGS.values()
CONGESTION = ECE | CWR
"""May stand beside those that open a connection and answer."""
TCP = 6
"""The protocol."""
