"""The sample's README: what lies there, and the table of what was planted. Text only; made from the plan."""

from __future__ import annotations

from flowcheck.demo.planted import Scenario
from flowcheck.demo.scenarios import DROPPED_ALLOWED, FORWARDED_DENIED, IN_ORDER, UNDECIDED

HEAD = """\
# A sample cluster and a day of its flows

Made by `flowcheck demo`; nothing here was recorded in a real network. Try it:

    flowcheck audit flows --cluster cluster -o out

- `cluster/`: a small shop, as `kubectl get -o yaml` would show it: 3 nodes, 4 namespaces, 16 workloads and
  19 NetworkPolicies. It holds a roll-out in which one port name means two numbers, pods with two
  addresses, a finished pod whose address somebody else has now, and pods on the host network.
- `flows/`: {rows:,} flow records of 10 March 2026 in three files, in flowcheck's canonical columns. Much of
  the traffic inside the cluster is reported by both ends (`observation_point`).
- `logs/`: one connection of each kind of that day, in canonical columns and as Hubble, VPC flow logs and
  Calico's Goldmane have it: `flowcheck audit logs/hubble.jsonl.gz --cluster cluster`. Each log tells less
  than canonical columns do: Hubble no bytes, Goldmane no addresses, VPC flow logs no policy's verdict.

Most of it is in order. The rest was planted, in exactly these numbers of records:
"""

LOAD = """\
## How Services carry their load

`flowcheck load flows --cluster cluster` finds these, and every other Service that can be tested balanced:

| Service | what was planted | found |
|---|---|---|
| shop/catalog | an imbalance: of its two pods one has three connections in five | skewed |
| shop/cart | a hot endpoint: of its two pods one has five connections in six | skewed, hot |
| payments/payments-api | an idle endpoint: of its three pods one is ready and never used | skewed, idle |
| shop/orders | ClientIP affinity, which 24 connections of one storefront pod break | insufficient, stray |
| shop/storefront | a roll-out: two pods of the old generation, one of the new, a third each | balanced |
"""


def text(n_rows: int) -> str:
    """The README for ``n_rows`` flow records."""
    parts = [
        HEAD.format(rows=n_rows),
        _findings("Went through, though the policies deny it (`forwarded_denied`)", FORWARDED_DENIED),
        _findings("Denied, though the policies allow it (`dropped_allowed`)", DROPPED_ALLOWED),
        _stories("Cannot be decided (verdict unknown, never a violation)", "reason", UNDECIDED),
        _stories("In order, though it may not look so", "verdict", IN_ORDER),
        LOAD,
    ]
    return "\n".join(parts)


def _findings(title: str, scenarios: tuple[Scenario, ...]) -> str:
    rows = [
        f"| {s.rows:,} | {s.title} | {s.source} | {s.destination} | {s.traffic.ports[0]} "
        f"| {s.direction or '-'} |"
        for s in scenarios
    ]
    head = "| records | what | from | to | port | denied by |\n|---:|---|---|---|---:|---|"
    return _section(title, scenarios, head, rows)


def _stories(title: str, column: str, scenarios: tuple[Scenario, ...]) -> str:
    rows = [f"| {s.rows:,} | {s.title} | {getattr(s, column)} |" for s in scenarios]
    return _section(title, scenarios, f"| records | what | {column} |\n|---:|---|---|", rows)


def _section(title: str, scenarios: tuple[Scenario, ...], head: str, rows: list[str]) -> str:
    total = sum(scenario.rows for scenario in scenarios)
    return "\n".join([f"## {title}: {total:,}", "", head, *rows, ""])
