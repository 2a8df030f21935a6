"""Logs in the form that their producers write them, from what was drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from benchmarks.bench_formats.world import Drawn

AWS_FIELDS = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    "log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id "
    "sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path"
)
"""Versions 2 to 5, in the order of the user guide."""
EMPTY_EVERY = 100
"""One of so many windows holds nothing."""


def write_hubble(path: Path, drawn: Drawn) -> None:
    """What the exporter of Cilium 1.19 writes: a policy verdict, or a trace of an answer."""
    path.write_text("".join(f"{line}\n" for line in _hubble(drawn)))


def _hubble(drawn: Drawn) -> Iterator[str]:
    labels = ["k8s:app.kubernetes.io/name=api", "k8s:io.kubernetes.pod.namespace=shop", "k8s:team=core"]
    for src, dst, src_port, dst_port, at, answer, *_ in zip(*drawn, strict=True):
        time = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.123456789Z")
        ends = {
            name: {
                "ID": 1000 + hash_of(address) % 500,
                "identity": 40000 + hash_of(address) % 900,
                "cluster_name": "default",
                "namespace": "shop",
                "labels": labels,
                "pod_name": f"api-{hash_of(address) % 999:03}-x2x4z",
                "workloads": [{"name": "api", "kind": "Deployment"}],
            }
            for name, address in (("source", src), ("destination", dst))
        }
        flow = {
            "time": time,
            "uuid": f"5e1b6d4e-0000-4000-8000-{src_port:012}",
            "verdict": "FORWARDED",
            "ethernet": {"source": "0a:58:0a:14:00:02", "destination": "0a:58:0a:14:00:01"},
            "IP": {"source": src, "destination": dst, "ipVersion": "IPv4"},
            "l4": {
                "TCP": {
                    "source_port": src_port,
                    "destination_port": dst_port,
                    "flags": {"SYN": True, "ACK": True} if answer else {"SYN": True},
                }
            },
            **ends,
            "Type": "L3_L4",
            "node_name": "worker-1",
            "event_type": {"type": 4, "sub_type": 3} if answer else {"type": 5},
            "traffic_direction": "INGRESS",
            "trace_observation_point": "TO_ENDPOINT",
            "is_reply": answer,
            "Summary": "TCP Flags: SYN",
        }
        yield json.dumps({"flow": flow, "node_name": "worker-1", "time": time}, separators=(",", ":"))


def hash_of(address: str) -> int:
    """The same in every process."""
    return int("".join(address.split("."))) % 1_000_003


def write_aws_text(path: Path, drawn: Drawn) -> None:
    path.write_text(AWS_FIELDS + "\n" + "".join(f"{line}\n" for line in _aws(drawn)))


def _aws(drawn: Drawn) -> Iterator[str]:
    rows = zip(*drawn, strict=True)
    for i, (src, dst, src_port, dst_port, at, answer, bytes_, packets) in enumerate(rows):
        interface = f"eni-0{hash_of(dst) % 200:016x}"
        if i % EMPTY_EVERY == 7:
            dashes = " ".join("-" * 7)
            yield (
                f"5 111122223333 {interface} {dashes} {at} {at + 59} - NODATA vpc-0a1b2c3d4e5f60718 "
                "subnet-0a1b2c3d4e5f60718 - - - - - eu-west-1 euw1-az1 - - - - - -"
            )
            continue
        flags, way = (18, "ingress") if answer else (2, "egress")
        yield (
            f"5 111122223333 {interface} {src} {dst} {src_port} {dst_port} 6 {packets} {bytes_} {at} "
            f"{at + 55} ACCEPT OK vpc-0a1b2c3d4e5f60718 subnet-0a1b2c3d4e5f60718 i-0a1b2c3d4e5f60718 {flags} "
            f"IPv4 {src} {dst} eu-west-1 euw1-az1 - - - - {way} 1"
        )


def write_aws_parquet(path: Path, drawn: Drawn) -> None:
    """As AWS writes it: gzip, names with underscores, whole numbers, and ``-`` in columns of text."""
    text = path.with_suffix(".text")
    write_aws_text(text, drawn)
    numbers = {"srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "tcp-flags", "version"}
    names = AWS_FIELDS.split()
    table = pa.csv.read_csv(
        text,
        parse_options=pa.csv.ParseOptions(delimiter=" "),
        convert_options=pa.csv.ConvertOptions(
            column_types={name: pa.int64() if name in numbers else pa.string() for name in names},
            null_values=["-"],
        ),
    )
    text.unlink()
    pq.write_table(table.rename_columns([name.replace("-", "_") for name in names]), path, compression="gzip")
