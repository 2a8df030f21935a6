"""The ready-made tables an SQL engine is given: address -> class; (class, class, protocol, port) -> verdict.

They spare the engine all thinking about policies, and are made outside the clock. A class is a workload's
pods, or the /25 of an outside address, or every address in a pod range that nobody owns. The verdicts
are flowcheck's own for one recorded pair of addresses of each kind; the comparison on all rows and the
sample judged by the reference say whether that was right. Good for worlds of ``world.py`` only: there
pods of one workload are alike, and no node, self or named-port traffic tells them apart.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import flowcheck
from flowcheck.compile import Program
from flowcheck.model.cluster import Cluster

NOBODY = "nobody"
VERDICTS = ("not_applicable", "allow", "deny", "unknown")
"""Their index is their number in allow.parquet."""


def export_tables(program: Program, cluster: Cluster, flows: Path, directory: Path) -> None:
    """Write endpoints.parquet and allow.parquet for the flow files in ``flows`` into ``directory``.

    The key of a kind of flow is one number, ``src_part + dst_part + protocol * 65536 + dst_port``: joining
    on one number is what the engine does fastest.
    """
    directory.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    source = f"read_parquet('{flows}/*.parquet')"
    addresses = connection.sql(f"SELECT src_ip AS address FROM {source} UNION SELECT dst_ip FROM {source}")
    endpoints = _endpoints(cluster, addresses.to_arrow_table()["address"].combine_chunks())
    pq.write_table(endpoints, directory / "endpoints.parquet")
    kinds = connection.sql(
        f"""SELECT s.src_part + d.dst_part + protocol::BIGINT * 65536 + dst_port AS key,
                   any_value(struct_pack(src := src_ip, dst := dst_ip, seen := start_time,
                                         protocol := protocol, port := dst_port)) AS flow
            FROM {source}
            JOIN '{directory}/endpoints.parquet' s ON src_ip = s.address
            JOIN '{directory}/endpoints.parquet' d ON dst_ip = d.address
            GROUP BY ALL"""
    )
    pq.write_table(_verdicts(program, kinds.to_arrow_table()), directory / "allow.parquet")


def _endpoints(cluster: Cluster, addresses: pa.Array) -> pa.Table:
    owners = {a: str(pod.workload) for pod in cluster.pods if not pod.finished for a in pod.addresses}
    ranges = {ipaddress.ip_network(cidr) for node in cluster.nodes for cidr in node.pod_cidrs}
    names = [_class_of(ipaddress.ip_address(a), owners, ranges) for a in addresses.to_pylist()]
    classes = pa.array(names).dictionary_encode()
    codes = classes.indices.to_numpy().astype("int64") << 24
    return pa.table({"address": addresses, "src_part": codes * len(classes.dictionary), "dst_part": codes})


def _class_of(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    owners: dict[str, str],
    ranges: set[ipaddress.IPv4Network | ipaddress.IPv6Network],
) -> str:
    """Pod ranges and outside networks of these worlds are all /24, but the partner's, which is two /25."""
    owner = owners.get(str(address))
    if owner is not None:
        return owner
    block = ipaddress.ip_network(f"{address}/24", strict=False)
    return NOBODY if block in ranges else str(ipaddress.ip_network(f"{address}/25", strict=False))


def _verdicts(program: Program, kinds: pa.Table) -> pa.Table:
    flow = kinds["flow"].combine_chunks()
    flows = pa.table(
        {
            "start_time": flow.field("seen").cast(pa.timestamp("us", tz="UTC")),
            "src_ip": flow.field("src"),
            "dst_ip": flow.field("dst"),
            "dst_port": flow.field("port"),
            "protocol": flow.field("protocol"),
        }
    )
    verdicts = flowcheck.evaluate(program, flows)["verdict"].cast(pa.string())
    codes = pc.index_in(verdicts, pa.array(VERDICTS)).cast(pa.uint8())
    return pa.table({"key": kinds["key"], "verdict": codes})
