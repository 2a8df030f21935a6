"""What the page and the picture of an audit say of who talked to whom. Names come out raw: each escapes."""

from __future__ import annotations

from collections import defaultdict

from flowcheck.results.talks import NOBODY, NODES, OUTSIDE, STATES, Talk, Talks

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
OTHERS = "(others)"
"""What homes are called that have no room of their own."""
HOMES = {NODES: "nodes", OUTSIDE: "outside", NOBODY: "not known", OTHERS: "others"}
MOST_PORTS = 4


def home_text(home: str) -> str:
    """A namespace's name, or in words what is in none."""
    return HOMES.get(home, home)


def ports(talk: Talk) -> str:
    more = len(talk.ports) - MOST_PORTS
    return ", ".join(talk.ports[:MOST_PORTS]) + (f" and {more:,} more" if more > 0 else "")


def in_order(home: str) -> tuple[int, str]:
    """What homes are sorted by: namespaces by name, then what is none."""
    return [*HOMES].index(home) + 1 if home in HOMES else 0, home


def shown_homes(talks: Talks, most: int) -> tuple[dict[str, str], int]:
    """What each home is shown as, so that there are ``most``, and how many are together as others: those of
    which there is least to say."""
    weights: dict[str, list[int]] = defaultdict(lambda: [0] * len(STATES))
    for pair, states in talks.between.items():
        for name in set(pair):
            for state, one in states.items():
                weights[name][STATES.index(state)] += one.connections
    ordered = sorted(weights, key=lambda name: ([-weight for weight in weights[name]], name))
    kept = set(ordered if len(ordered) <= most else ordered[: most - 1])
    return {name: name if name in kept else OTHERS for name in ordered}, len(ordered) - len(kept)
