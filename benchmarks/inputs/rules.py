"""What an SQL engine may be given that is to decide for itself: who is isolated, and whom the rules let talk.

Made of the manifests by plain Python and DuckDB, outside the clock; nothing of flowcheck takes part. Good for
worlds of ``world.py`` only: labels by ``matchLabels``, ``In``, ``NotIn`` and ``Exists``, ports that have a
protocol, names of ports that mean one number everywhere, addresses that nobody owns in /24s of nodes.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.inputs.world import METRICS, SERVING

Labels = dict[str, str]
PROTOCOLS = {"TCP": 6, "UDP": 17}
NUMBERS = {**dict(SERVING), "metrics": METRICS}
POD, OUTSIDE, NOBODY = range(3)
"""Kinds of addresses."""


def export_rules(cluster: Path, flows: Path, directory: Path) -> None:
    """Write into ``directory``:

    - hosts.parquet: of each ``address``, ``id`` (from 0), ``kind``, ``isolated_in``, ``isolated_out``.
    - egress.parquet, ingress.parquet: ``pair`` (source's id << 32 | destination's), ``protocol``, ``low``,
      ``high``: what some rule of that direction allows; each once.
    """
    directory.mkdir(parents=True, exist_ok=True)
    policies = json.loads((cluster / "policies.json").read_text())["items"]
    items = json.loads((cluster / "cluster.json").read_text())["items"]
    world = _World(items, _addresses(flows))
    isolated: dict[str, set[int]] = {"Ingress": set(), "Egress": set()}
    for policy in policies:
        for direction in policy["spec"]["policyTypes"]:
            isolated[direction].update(world.selected(policy))
    for direction in isolated:
        pq.write_table(_allowed(world, policies, direction), directory / f"{direction.lower()}.parquet")
    hosts = {
        "address": world.addresses,
        "id": [*range(len(world.addresses))],
        "kind": world.kinds,
        "isolated_in": [one in isolated["Ingress"] for one in range(len(world.addresses))],
        "isolated_out": [one in isolated["Egress"] for one in range(len(world.addresses))],
    }
    pq.write_table(pa.table(hosts), directory / "hosts.parquet")


def _addresses(flows: Path) -> list[str]:
    source = f"read_parquet('{flows}/*.parquet')"
    asked = f"SELECT src_ip FROM {source} UNION SELECT dst_ip FROM {source} ORDER BY 1"
    return [address for (address,) in duckdb.sql(asked).fetchall()]


class _World:
    """Addresses by their number, and whom selectors select."""

    def __init__(self, items: list[dict[str, Any]], addresses: list[str]) -> None:
        self.addresses = addresses
        self._ids = {address: number for number, address in enumerate(addresses)}
        self._namespaces = {
            one["metadata"]["name"]: one["metadata"]["labels"] for one in _of(items, "Namespace")
        }
        self._pods = [
            (
                one["metadata"]["namespace"],
                one["metadata"].get("labels", {}),
                self._ids[one["status"]["podIP"]],
            )
            for one in _of(items, "Pod")
            if one["status"].get("podIP") in self._ids
        ]
        ranges = {one["spec"]["podCIDR"].partition("/")[0] for one in _of(items, "Node")}
        owned = {number for *_, number in self._pods}
        self.kinds = [
            POD if number in owned else NOBODY if address.rpartition(".")[0] + ".0" in ranges else OUTSIDE
            for number, address in enumerate(addresses)
        ]
        self._pods_where = cache(self._find)

    def selected(self, policy: dict[str, Any]) -> list[int]:
        return self.pods({"podSelector": policy["spec"]["podSelector"]}, policy["metadata"]["namespace"])

    def peers(self, peer: dict[str, Any], namespace: str) -> list[int]:
        """Addresses that one entry of ``from`` or ``to`` matches."""
        if "ipBlock" not in peer:
            return self.pods(peer, namespace)
        block = ipaddress.ip_network(peer["ipBlock"]["cidr"])
        but = [*map(ipaddress.ip_network, peer["ipBlock"].get("except", ()))]
        numbers = ((number, ipaddress.ip_address(address)) for number, address in enumerate(self.addresses))
        return [number for number, one in numbers if one in block and not any(one in out for out in but)]

    def pods(self, peer: dict[str, Any], namespace: str) -> list[int]:
        own = "" if "namespaceSelector" in peer else namespace
        return self._pods_where(
            json.dumps([peer.get("namespaceSelector", {}), peer.get("podSelector", {})]), own
        )

    def _find(self, selectors: str, own: str) -> list[int]:
        of_namespaces, of_pods = json.loads(selectors)
        there = {
            name
            for name, labels in self._namespaces.items()
            if (not own or name == own) and _matches(of_namespaces, labels)
        }
        return [number for name, labels, number in self._pods if name in there and _matches(of_pods, labels)]


def _of(items: list[dict[str, Any]], kind: str) -> Iterator[dict[str, Any]]:
    return (one for one in items if one["kind"] == kind)


def _matches(selector: dict[str, Any], labels: Labels) -> bool:
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    tests = {
        "In": lambda one: labels.get(one["key"]) in one["values"],
        "NotIn": lambda one: labels.get(one["key"]) not in one["values"],
        "Exists": lambda one: one["key"] in labels,
    }
    return all(tests[one["operator"]](one) for one in selector.get("matchExpressions", ()))


def _allowed(world: _World, policies: list[dict[str, Any]], direction: str) -> pa.Table:
    """By joins of three tables: rule -> subjects, rule -> peers, rule -> ports."""
    subjects: list[tuple[int, list[int]]] = []
    peers: list[tuple[int, list[int]]] = []
    ports: dict[str, list[int]] = {"rule": [], "protocol": [], "low": [], "high": []}
    rule = 0
    for policy in policies:
        for said in policy["spec"].get(direction.lower(), ()):
            entries = said["to" if direction == "Egress" else "from"]
            namespace = policy["metadata"]["namespace"]
            subjects.append((rule, world.selected(policy)))
            peers += [(rule, world.peers(entry, namespace)) for entry in entries]
            for port in said["ports"]:
                low = NUMBERS.get(port["port"], port["port"])
                values = (rule, PROTOCOLS[port["protocol"]], low, port.get("endPort", low))
                for column, value in zip(ports.values(), values, strict=True):
                    column.append(value)
            rule += 1
    connection = duckdb.connect()
    for name, rows in (("subjects", subjects), ("peers", peers)):
        numbers, found = [number for number, _ in rows], [some for _, some in rows]
        connection.register(f"{name}_of", pa.table({"rule": numbers, "host": found}))
        connection.execute(f"CREATE TABLE {name} AS SELECT rule, unnest(host) AS host FROM {name}_of")
    connection.register("ports", pa.table(ports))
    source, destination = ("s", "p") if direction == "Egress" else ("p", "s")
    return connection.sql(
        f"""SELECT DISTINCT {source}.host::BIGINT << 32 | {destination}.host::BIGINT AS pair,
                   protocol::INTEGER AS protocol, low::INTEGER AS low, high::INTEGER AS high
            FROM subjects s JOIN peers p USING (rule) JOIN ports USING (rule)"""
    ).to_arrow_table()
