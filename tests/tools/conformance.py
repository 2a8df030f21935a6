"""Judge recorded expectations: ``python -m tests.tools.conformance DIR|FILE... [--path reference|compiled]``.

Each line of a ``*.jsonl`` file is one world, ``{source, name, objects, checks}``; each check is
``{name, src, dst, dir, proto, port, allowed, dst_ip?}``. Prints passed/total per file and every
failure, and exits with 1 where there is one. ``judge`` is also what ``test_cases`` asks.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.protocols import PROTOCOL_NAMES
from flowcheck.reference import Reference, Tuple5

PROTOCOLS = {name: number for number, name in PROTOCOL_NAMES.items()} | {"GRE": 47}
PATHS = ("reference", "compiled")


class Answer(NamedTuple):
    """One flow's result, as the words of the contract; ``reason`` and the policies are empty for null.
    ``mesh``: what a mesh says."""

    src: str
    dst: str
    egress: str
    ingress: str
    verdict: str
    reason: str
    egress_policy: str
    ingress_policy: str
    mesh: str = "not_applicable"
    mesh_policy: str = ""


MESH_COLUMNS: tuple[str, ...] = ("mesh_verdict", "mesh_policy")
"""Those in which the compiled path says what a mesh decides; with none, it is not asked."""
COLUMNS = (
    *("src", "dst", "egress_verdict", "ingress_verdict", "verdict", "reason"),
    *("egress_policy", "ingress_policy", *MESH_COLUMNS),
)
"""What the compiled path answers, in the order of an Answer."""


class Failure(NamedTuple):
    world: str
    check: dict[str, Any]
    answer: Answer


def judge(
    path: str, cluster: Cluster, flows: Sequence[Tuple5], options: Options | None = None
) -> list[Answer]:
    """The answers to the flows, in order, by the reference or by the compiled path."""
    judges = {"reference": judge_by_reference, "compiled": judge_by_program}
    return judges[path](cluster, flows, options or Options())


def judge_by_reference(cluster: Cluster, flows: Sequence[Tuple5], options: Options) -> list[Answer]:
    reference = Reference(cluster, options)
    answers = []
    for judged in reference.judge_all(flows):
        sides = (str(judged.egress.verdict), str(judged.ingress.verdict))
        deciding = (judged.egress.decided_by, judged.ingress.decided_by)
        words = (str(judged.verdict), str(judged.reason))
        mesh = (str(judged.mesh.verdict), judged.mesh.decided_by)
        answers.append(Answer(judged.src, judged.dst, *sides, *words, *deciding, *mesh))
    return answers


def judge_by_program(cluster: Cluster, flows: Sequence[Tuple5], options: Options) -> list[Answer]:
    import flowcheck
    from flowcheck.compile import compile_program

    program = compile_program(cluster, options)
    table = flowcheck.evaluate(program, to_table(flows))
    return answers_of(table)


def answers_of(judged: Any) -> list[Answer]:
    """What stands in a table of judged flows."""
    values = [[value or "" for value in judged.column(name).to_pylist()] for name in COLUMNS]
    return [Answer(*row) for row in zip(*values, strict=True)]


def to_table(flows: Sequence[Tuple5]) -> Any:
    """Flows as a table of canonical columns; those that may be missing only where a flow has a value."""
    import pyarrow as pa

    text = ("namespace", "pod", "pod_uid", "workload")
    optional = {f"{end}_{what}": pa.string() for end in ("src", "dst") for what in text}
    optional |= {"src_port": pa.uint16(), "tcp_flags": pa.uint16(), "initiator": pa.int8()}
    optional |= {"icmp_type": pa.uint8(), "icmp_code": pa.uint8()}
    optional |= {"outer_port": pa.uint16(), "service_port": pa.uint16()}
    request = ("http_method", "http_path", "http_host", "tls_server_name")
    optional |= dict.fromkeys(("src_principal", *request), pa.string())
    columns: dict[str, Any] = {
        "start_time": pa.array([flow.time for flow in flows], pa.timestamp("us", "UTC")),
        "src_ip": pa.array([flow.src for flow in flows], pa.string()),
        "dst_ip": pa.array([flow.dst for flow in flows], pa.string()),
        "dst_port": pa.array([flow.port for flow in flows], pa.uint16()),
        "protocol": pa.array([flow.protocol for flow in flows], pa.uint8()),
    }
    for name, type_ in optional.items():
        values = [getattr(flow, name) for flow in flows]
        if any(value is not None for value in values):
            columns[name] = pa.array(values, type_)
    if any(flow.by_waypoint for flow in flows):
        columns["observation_point"] = pa.array([3 if flow.by_waypoint else 0 for flow in flows], pa.int8())
        columns["mesh_action"] = pa.array([0 if flow.by_waypoint else None for flow in flows], pa.int8())
    return pa.table(columns)


def load_objects(objects: list[dict[str, Any]]) -> Cluster:
    """A cluster of Kubernetes objects, read the way a user's file is."""
    from flowcheck.reading import load_cluster

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "world.json")
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        return load_cluster([str(file)])


def to_flow(check: dict[str, Any], cluster: Cluster) -> Tuple5:
    """A check as a flow: pods by an address of the flow's family where they have one, else by name."""
    pods = {f"{pod.namespace}/{pod.name}": pod for pod in cluster.pods}
    given = {"src": check.get("src_ip"), "dst": check.get("dst_ip")}
    version = next((ipaddress.ip_address(address).version for address in given.values() if address), None)
    ends: dict[str, str | None] = {}
    names: dict[str, str] = {}
    for end, fixed in given.items():
        if fixed or check[end] not in pods:
            ends[end] = fixed or check[end]
            continue
        addresses = pods[check[end]].addresses
        fitting = [a for a in addresses if version in (None, ipaddress.ip_address(a).version)]
        ends[end] = next(iter((*fitting, *addresses)), None)
        if ends[end] is None:
            names |= {f"{end}_namespace": pods[check[end]].namespace, f"{end}_pod": pods[check[end]].name}
    return Tuple5(ends["src"], ends["dst"], PROTOCOLS[check["proto"]], check["port"], **names)  # type: ignore[arg-type]


def passes(check: dict[str, Any], answer: Answer) -> bool:
    """Whether the verdict of the check's side is the expected one; unknown never is."""
    said = {"both": answer.verdict, "egress": answer.egress, "ingress": answer.ingress}[check["dir"]]
    return said in (("allow", "not_applicable") if check["allowed"] else ("deny",))


def worlds_in(file: Path) -> Iterator[dict[str, Any]]:
    """The worlds of a file; policy-assistant judges a pod's traffic to itself by policy: not asked."""
    with file.open() as lines:
        for line in lines:
            world = json.loads(line)
            if "policy_assistant" in file.name or "policy-assistant" in world["source"]:
                world["checks"] = [check for check in world["checks"] if check["src"] != check["dst"]]
            yield world


def check_file(file: Path, path: str) -> tuple[int, list[Failure]]:
    """How many checks a file has, and those that fail."""
    total, failures = 0, []
    for world in worlds_in(file):
        cluster = load_objects(world["objects"])
        answers = judge(path, cluster, [to_flow(check, cluster) for check in world["checks"]])
        total += len(answers)
        asked = zip(world["checks"], answers, strict=True)
        failures += [
            Failure(world["name"], check, answer) for check, answer in asked if not passes(check, answer)
        ]
    return total, failures


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.tools.conformance", description=__doc__)
    parser.add_argument("where", nargs="+", type=Path)
    parser.add_argument("--path", choices=PATHS, default="reference")
    parser.add_argument("--failures", type=int, default=20, metavar="N", help="failures shown per file")
    given = parser.parse_args(arguments)
    files = [
        file
        for where in given.where
        for file in (sorted(where.glob("*.jsonl")) if where.is_dir() else [where])
    ]
    failed = not files
    for file in files:
        total, failures = check_file(file, given.path)
        failed |= bool(failures) or not total
        sys.stdout.write(f"{file.name}: {total - len(failures)}/{total} by {given.path}\n")
        for failure in failures[: given.failures]:
            sys.stdout.write(f"  {failure.world}: {failure.check}\n    {failure.answer}\n")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
