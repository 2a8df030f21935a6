"""Random logs: whoever tells of a connection, and however often, it is counted once, and so are its bytes."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from flowcheck.flows.logs.form import Asked
from flowcheck.reading import load_cluster
from flowcheck.runners.converting import run_convert
from flowcheck.runners.local import run_audit
from flowcheck.runners.program.source import ClusterSource
from flowcheck.runners.request import AuditRequest
from tests.runners.telling import AWS_HEADER, DESTINATION, NO_BYTES, SECOND, SOURCE, TELL, Connection
from tests.runners.worlds import DB, NOON, WEB, write_cluster

pytestmark = pytest.mark.usefixtures("forked_workers")

Pair = tuple[str, str, int]
ADDRESS = {"shop/Pod/web": WEB, "shop/Pod/db": DB}
ASKED = Asked(time_zone="UTC")


def connections(dice: random.Random, dst_port: int) -> list[Connection]:
    """Of each pair of pods one end tells of all of them, the other of some: of what only one end may have
    seen an audit takes the end that saw most."""
    sure = {ends: dice.choice((SOURCE, DESTINATION)) for ends in ((WEB, DB), (DB, WEB))}
    found = []
    for n in range(dice.randint(1, 25)):
        ends = dice.choice(list(sure))
        seen = [sure[ends], *([SOURCE + DESTINATION - sure[ends]] if dice.random() < 0.6 else [])]
        dice.shuffle(seen)
        parts = tuple((dice.randint(1, 9000), dice.randint(0, 9000)) for _ in range(dice.randint(1, 4)))
        start = NOON + dice.randint(0, 600) * SECOND
        found.append(Connection(*ends, 40_000 + n, dst_port, start, parts, tuple(seen)))
    return found


def write(path: Path, name: str, told: list[Connection], dice: random.Random) -> None:
    """In the order of time, or connection after connection, as those who saw them tell."""
    lines = [line for connection in told for line in TELL[name](connection, dice)]
    if dice.random() < 0.7:
        dice.shuffle(lines)
        lines.sort(key=lambda line: line[0])
    head = [AWS_HEADER] if name == "aws" else []
    path.write_text("".join(f"{text}\n" for text in [*head, *(text for _, text in lines)]))


def sums(told: list[Connection]) -> tuple[Counter[Pair], Counter[Pair]]:
    """Connections and bytes of each pair, as they were."""
    flows: Counter[Pair] = Counter()
    sent: Counter[Pair] = Counter()
    for c in told:
        flows[c.src, c.dst, c.dst_port] += 1
        sent[c.src, c.dst, c.dst_port] += c.sent()[0]
    return flows, sent


@pytest.mark.parametrize("seed", range(10))
def test_every_connection_and_byte_is_counted_once(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    logs = tmp_path / "logs"
    logs.mkdir()
    worlds = {name: connections(dice, 5001 + place) for place, name in enumerate(TELL)}
    for name, told in worlds.items():
        write(logs / f"{name}.log", name, told, dice)
    files = run_convert([logs], ASKED, tmp_path / "all.parquet", jobs=1)
    formats = {Path(file.input.path).stem: file.conversion and file.conversion.format for file in files}
    assert formats == {name: name for name in TELL}
    assert not any(file.conversion and file.conversion.rejected for file in files)
    table = pq.read_table(tmp_path / "all.parquet")

    source = ClusterSource((write_cluster(tmp_path / "cluster"),), load_cluster)
    flows: Counter[Pair] = Counter()
    sent: Counter[Pair] = Counter()
    for edge in run_audit([logs], source, AuditRequest(jobs=1, asked=ASKED)).edges.to_pylist():
        pair = ADDRESS[edge["source"]], ADDRESS[edge["destination"]], edge["port"]
        flows[pair] += edge["flow_count"]
        sent[pair] += edge["bytes"]

    for name, told in worlds.items():
        true_flows, true_sent = sums(told)
        assert {pair: flows[pair] for pair in true_flows} == true_flows, name
        assert name in NO_BYTES or {pair: sent[pair] for pair in true_sent} == true_sent, name
        if name == "aws":
            continue  # which of its records count is found out where they are judged
        rows = table.filter(pc.match_substring(table["source_file"], f"/{name}.log"))
        assert pc.sum(rows["flow_count"]).as_py() == len(told), name
        if name not in NO_BYTES:
            back = 0 if name == "gcp" else sum(c.sent()[1] for c in told)
            assert pc.sum(rows["bytes"]).as_py() == true_sent.total(), name
            assert (pc.sum(rows["bytes_reverse"]).as_py() or 0) == back, name
    assert set(flows) == {(c.src, c.dst, c.dst_port) for told in worlds.values() for c in told}
