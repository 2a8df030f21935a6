"""The page that lies beside the third sample."""

from __future__ import annotations

from flowcheck.demo.mesh.talk import EXPECTED, TALKS, Log, Talk

_TEXT = """# A sample cluster in an Istio mesh, and an hour of three logs

Made by `flowcheck demo --sample mesh`; nothing here was recorded in a real network. Try it:

    flowcheck audit logs --cluster cluster -o out
    flowcheck load logs --cluster cluster

- `cluster/`: eleven pods on two nodes, as `kubectl get -o yaml` would show them: sidecars in the namespace
  web, ztunnel for stock and batch (ambient), no mesh in tools. `mesh.yaml` has what was asked of Istio,
  `network.yaml` the NetworkPolicies beside it, which Cilium enforces.
- `logs/`: {connections:,} connections of 14 April 2026, 10 to 11 UTC, as each saw them:
  - `{Log.ENVOY.value}`: Istio's access log of the sidecars, as JSON: {envoy:,} records, one by the proxy of
    each end;
  - `{Log.ZTUNNEL.value}`: the access log of ztunnel, as text: {ztunnel:,} lines, one by the node of each end;
  - `{Log.HUBBLE.value}`: what Hubble's exporter wrote of the network: {hubble:,} records, one for each
    connection. It sees ztunnel's tunnels, port 15008, and not what is dialled in them.

The mesh enforced its policies in that hour, and refused what they deny. Those of the network were not in
force yet: the logs show what they would have stopped.

What was planted, in exactly these numbers of connections; the other columns say how many records of each log
an audit has to find, and as what. `denied`: the mesh's policies deny it, and the proxy says that it did.
Hubble tells no more than that the network passed it on to a proxy, and the client's sidecar no more than that
the server refused, so there the same is `forwarded_denied`, of which the log does not say what became.

| connections | what | sidecars | ztunnel | Hubble |
|---:|---|---|---|---|
{rows}

Besides, the canary of reviews gets 18 of 600 connections, where its route gives it 20 in 100: `flowcheck
load` finds the VirtualService off its weights. Where a proxy's log says what the mesh decided, it is what
flowcheck says, in every record.
"""


def text() -> str:
    counts = {log: sum(talk.records.get(log, 0) for talk in TALKS) for log in Log}
    return _TEXT.format(
        Log=Log,
        connections=counts[Log.HUBBLE],
        envoy=counts[Log.ENVOY],
        ztunnel=counts[Log.ZTUNNEL],
        hubble=counts[Log.HUBBLE],
        rows="\n".join(map(_row, EXPECTED)),
    )


def _row(talk: Talk) -> str:
    return f"| {talk.connections} | {talk.what} | {' | '.join(_cell(talk, log) for log in Log)} |"


def _cell(talk: Talk, log: Log) -> str:
    if log not in talk.records:
        return "-"
    found = talk.found.get(log, {"allowed": talk.records[log]})
    return ", ".join(f"{records} `{word}`" for word, records in found.items())
