"""Recordings of a control plane held against what was true: ``python -m tests.tools.recordings FOLDER``.

A recording is a folder with ``inputs/`` (one folder for each way of recording: ``snapshots``, ``watch``,
``watch-timed``, ``audit``), ``window.json`` (``begin`` and ``end``, nanoseconds since 1970) and
``truth.jsonl``, any file packed by xz or not. A line of the truth has ``t`` (nanoseconds) and either
``what``, where the node says that a pod was ``assigned`` its addresses or ``released`` them, or ``type`` with
the object as the API server had it from then on. Flows between addresses at random times are drawn, their
true ends and verdicts worked out by the reference evaluator from a cluster that stands still, and asked of
each way of recording and of each two together; and of the files that ``flowcheck snapshot --watch`` would
have written (``replayed``).

Ends with 1 where anything is wrong, but for what snapshots alone cannot know: what came and went between two.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import sys
import tempfile
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

import flowcheck
from flowcheck.model.options import Options
from flowcheck.reading import load_cluster
from flowcheck.reference import Reference, Tuple5
from tests.tools.replayed import replay

Document = dict[str, Any]
TCP = 6
PORTS = (80, 443, 5432, 8080, 9100)
MICRO = 1000
FLOWS_AT_ONCE = 25
SKEW = Options().skew * MICRO


class Flow(NamedTuple):
    """``at`` is in microseconds. ``owners``: the names of the pods that had the addresses; empty: nobody."""

    at: int
    src: str
    dst: str
    port: int
    owners: tuple[str, str]
    verdict: str


class Tenancy(NamedTuple):
    start: int
    end: int
    uid: str


@dataclass
class Truth:
    """What was so, by its time in nanoseconds."""

    begin: int
    end: int
    states: dict[tuple[str, str], list[tuple[int, Document | None]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    tenancies: dict[str, list[Tenancy]] = field(default_factory=lambda: defaultdict(list))

    def read(self, lines: Iterator[str]) -> None:
        held: dict[tuple[str, str], int] = {}
        for line in lines:
            one = json.loads(line)
            if one.get("what") == "assigned":
                held |= {(one["uid"], address): one["t"] for address in one["ip"]}
            elif one.get("what") == "released":
                for address in one["ip"]:
                    start = held.pop((one["uid"], address), self.begin)
                    self.tenancies[address].append(Tenancy(start, one["t"], one["uid"]))
            elif one.get("type") and one["kind"] in ("Pod", "Namespace", "NetworkPolicy"):
                gone = one["type"] == "DELETED"
                self.states[one["kind"], one["uid"]].append((one["t"], None if gone else one))
        for (uid, address), start in held.items():
            self.tenancies[address].append(Tenancy(start, self.end, uid))
        for address in [one for one, tenants in self.tenancies.items() if self._is_a_nodes(tenants)]:
            del self.tenancies[address]

    def _is_a_nodes(self, tenants: list[Tenancy]) -> bool:
        """Whether pods on the host network have it."""
        states = (state for one in tenants for _, state in self.states["Pod", one.uid] if state is not None)
        return any(state["host"] for state in states)

    def owner(self, address: str, at: int) -> str:
        for one in self.tenancies[address]:
            if one.start <= at < one.end:
                return one.uid
        return ""

    def changes_hands(self, address: str, at: int) -> bool:
        """Whether somebody else had it within the skew, so that no input can tell whose it was."""
        return sum(one.start - SKEW <= at < one.end + SKEW for one in self.tenancies[address]) > 1

    def state(self, kind: str, uid: str, at: int) -> Document | None:
        """An object as it was; as it was first seen before that, and last seen after it was deleted: a pod
        may have its address before the API server knows, and keep it until its containers are gone."""
        states = self.states[kind, uid]
        place = max(bisect_right(states, at, key=lambda one: one[0]) - 1, 0)
        state = states[place][1]
        if state is None and kind == "Pod":
            return states[place - 1][1]
        return state if state is not None and (states[place][0] <= at or kind == "Pod") else None

    def cluster_at(self, at: int) -> Document:
        """Every pod with an address, every namespace and policy, as kubectl would print them."""
        items = []
        for kind, uid in self.states:
            if kind != "Pod" and (one := self.state(kind, uid, at)) is not None:
                api = "v1" if kind == "Namespace" else "networking.k8s.io/v1"
                items.append({"apiVersion": api, "kind": kind, "metadata": _meta(one), "spec": one["spec"]})
        addresses = defaultdict(list)
        for address in self.tenancies:
            if uid := self.owner(address, at):
                addresses[uid].append({"ip": address})
        for uid, ips in addresses.items():
            if (one := self.state("Pod", uid, at)) is not None:
                items.append(_pod(one, ips))
        return {"apiVersion": "v1", "kind": "List", "items": items}


def _meta(one: Document) -> Document:
    namespace = {"namespace": one["ns"]} if one["ns"] else {}
    return {"name": one["name"], "labels": one["labels"], "uid": one["uid"], **namespace}


def _pod(one: Document, ips: list[Document]) -> Document:
    spec = {"nodeName": one["node"], "containers": [{"name": "c", "ports": one["ports"]}]}
    status = {"phase": "Running", "podIPs": ips}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": _meta(one), "spec": spec, "status": status}


def draw(truth: Truth, number: int, seed: int) -> list[Flow]:
    """Flows from pods that had their address then, most of them to such pods, some to any address ever
    had."""
    chance = random.Random(seed)  # no secret
    every = sorted(address for address in truth.tenancies if ":" not in address)
    flows: list[Flow] = []
    while len(flows) < number:
        at = chance.randrange(truth.begin, truth.end)
        owned = [address for address in every if truth.owner(address, at)]
        cluster = truth.cluster_at(at)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "still.json"
            path.write_text(json.dumps(cluster))
            reference = Reference(load_cluster([path]))
        names = {
            ip["ip"]: f"{one['metadata']['namespace']}/Pod/{one['metadata']['name']}"
            for one in cluster["items"]
            if one["kind"] == "Pod"
            for ip in one["status"]["podIPs"]
        }
        for _ in range(FLOWS_AT_ONCE):
            src, dst = chance.choice(owned), chance.choice(owned if chance.random() < 0.9 else every)
            port = chance.choice(PORTS)
            owners = names.get(src, ""), names.get(dst, "")
            verdict = str(reference.judge(Tuple5(src, dst, TCP, port)).verdict) if all(owners) else ""
            flows.append(Flow(at // MICRO, src, dst, port, owners, verdict))
    return flows


def ask(inputs: Sequence[Path], flows: Sequence[Flow]) -> list[Document]:
    """What the audit says of each flow."""
    program = flowcheck.compile_program(load_cluster(inputs))
    table = pa.table(
        {
            "start_time": pa.array([flow.at for flow in flows], pa.timestamp("us", "UTC")),
            "src_ip": [flow.src for flow in flows],
            "dst_ip": [flow.dst for flow in flows],
            "src_port": pa.array([50000] * len(flows), pa.int32()),
            "dst_port": pa.array([flow.port for flow in flows], pa.int32()),
            "protocol": pa.array([TCP] * len(flows), pa.int32()),
        }
    )
    answers: list[Document] = flowcheck.evaluate(program, table).to_pylist()
    return answers


def score(flows: Sequence[Flow], answers: Sequence[Document]) -> tuple[Counter[str], list[str]]:
    """Counts of ends and verdicts, and what was wrong in words."""
    counts: Counter[str] = Counter()
    wrong = []
    for flow, answer in zip(flows, answers, strict=True):
        for side, owner in zip(("src", "dst"), flow.owners, strict=True):
            quality, name = answer[f"{side}_quality"], answer[side]
            if quality in ("ambiguous", "unresolved"):
                word = "unknown"
            elif name == owner or (not owner and quality != "exact"):
                word = quality
            else:
                word = "WRONG"
                wrong.append(f"{flow} {side}: {_brief(answer)}")
            counts[f"{'end' if owner else 'nobody'} {word}"] += 1
        if flow.verdict:
            said = answer["verdict"]
            right = "right" if said == flow.verdict else "unknown" if said == "unknown" else "WRONG"
            counts[f"verdict {right}"] += 1
            if right == "WRONG":
                wrong.append(f"{flow} verdict: {_brief(answer)}")
    return counts, wrong


def _brief(answer: Document) -> Document:
    asked = ("start_time", "src_ip", "dst_ip", "src_port", "dst_port", "protocol", "initiator_basis")
    return {name: value for name, value in answer.items() if name not in asked and value is not None}


def share(counts: Counter[str], what: str, of: str) -> str:
    total = sum(number for name, number in counts.items() if name.startswith(of))
    return f"{counts[what] / max(total, 1):.2%}"


def unpack(folder: Path, into: Path) -> None:
    """Every file of a folder, those by xz unpacked."""
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        there = into / path.relative_to(folder)
        there.parent.mkdir(parents=True, exist_ok=True)
        data = path.read_bytes()
        (there.with_suffix("") if path.suffix == ".xz" else there).write_bytes(
            lzma.decompress(data) if path.suffix == ".xz" else data
        )


def load_truth(folder: Path) -> Truth:
    window = json.loads((folder / "window.json").read_text())
    truth = Truth(window["begin"], window["end"])
    with (folder / "truth.jsonl").open() as lines:
        truth.read(lines)
    return truth


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.tools.recordings", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--flows", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=3, help="wrong answers of each input shown in full")
    given = parser.parse_args(arguments)
    wrong_in_all = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        unpack(given.folder, folder)
        replay(folder / "inputs" / "watch-timed", folder / "inputs" / "snapshot-watch")
        truth = load_truth(folder)
        flows = draw(truth, given.flows, given.seed)
        ends = [
            (ip, flow.at) for flow in flows for ip, who in zip(flow[1:3], flow.owners, strict=True) if who
        ]
        near = sum(truth.changes_hands(ip, at * MICRO) for ip, at in ends) / max(len(ends), 1)
        sys.stdout.write(f"{'while changing hands':26} ends         {near:>7.2%}\n")
        single = sorted((folder / "inputs").iterdir())
        total: Counter[str] = Counter()
        for inputs in [*((one,) for one in single), *combinations(single, 2)]:
            counts, wrong = score(flows, ask(inputs, flows))
            total += counts
            name = " + ".join(one.name for one in inputs)
            wrong_in_all += len(wrong) if name != "snapshots" else 0
            ends = share(counts, "end unknown", "end ")
            verdicts = share(counts, "verdict unknown", "verdict ")
            sys.stdout.write(
                f"{name:26} unknown ends {ends:>7} verdicts {verdicts:>7} {dict(sorted(counts.items()))}\n"
            )
            sys.stdout.writelines(f"  WRONG {one}\n" for one in wrong[: given.show])
        ends = share(total, "end unknown", "end ")
        sys.stdout.write(f"{'all':26} unknown ends {ends:>7}, {wrong_in_all} wrong\n")
    return int(wrong_in_all > 0)


if __name__ == "__main__":
    raise SystemExit(main())
