"""What the page and the picture of an audit say of who talked to whom. Names come out raw: each escapes."""

from __future__ import annotations

from flowcheck.results.talks import NOBODY, NODES, OUTSIDE, Talk

WORDS = {
    "not_stopped": "denied, not stopped",
    "dropped": "allowed, dropped by a policy",
    "unknown": "unknown",
    "stopped": "denied and stopped",
    "allowed": "allowed",
    "not_applicable": "policies do not reach it",
}
"""What became of it, the gravest first: what policies say, and what the log says."""
SIGNS = {"not_stopped": "\u2715", "dropped": "\u2193", "unknown": "?", "stopped": "\u2298"}
"""Of those that want a look: nothing is told by colour alone."""
HOMES = {OUTSIDE: "outside", NODES: "nodes", NOBODY: "not known"}
MOST_PORTS = 4


def home_text(home: str) -> str:
    """A namespace's name, or in words what is in none."""
    return HOMES.get(home, home)


def ports(talk: Talk) -> str:
    more = len(talk.ports) - MOST_PORTS
    return ", ".join(talk.ports[:MOST_PORTS]) + (f" and {more:,} more" if more > 0 else "")
