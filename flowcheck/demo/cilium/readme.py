"""The page that lies beside the second sample."""

from __future__ import annotations

from flowcheck.demo.cilium.talk import EXPECTED, ORDINARY

_TEXT = """# A sample cluster on Cilium, and an hour of its Hubble log

Made by `flowcheck demo --sample cilium`; nothing here was recorded in a real network. Try it:

    flowcheck audit hubble.jsonl.gz --cluster cluster --dns-map hubble.jsonl.gz -o out

- `cluster/`: six pods on two nodes, the DaemonSet and the settings of Cilium's agent, and six policies, as
  `kubectl get -o yaml` would show them.
- `hubble.jsonl.gz`: {records:,} connections of 10 March 2026, 9 to 10 UTC, as Hubble's exporter writes
  policy verdicts, and its answers of DNS. The policies were not in force yet: the log shows what they would
  have stopped.

What was planted, in exactly these numbers of connections:

| connections | what | found as |
|---:|---|---|
{rows}

Without `--dns-map` the {named} connections of orders to port 443 outside are unknown (`needs_dns`): an
address does not tell its name.
"""


def text() -> str:
    rows = "\n".join(f"| {talk.connections} | {talk.what} | `{talk.found}` |" for talk in EXPECTED)
    named = sum(talk.connections for talk in (*ORDINARY, *EXPECTED) if talk.port == 443)
    records = sum(talk.connections for talk in (*ORDINARY, *EXPECTED))
    return _TEXT.format(rows=rows, named=named, records=records)
