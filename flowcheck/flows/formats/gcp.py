"""VPC flow logs of Google Cloud: entries of Cloud Logging (``vpc_flows``), one a line or a list of them, or
their payloads alone.

A record is what one virtual machine, or a gateway, saw of one direction of a 5-tuple in some seconds: for a
pod's traffic the machine is its node. Both ends report, each with the same counters, which are estimated from
a sample of packets. There is no verdict but one: a ``disposition`` DROPPED is the VPC firewall's, on packets
whose connections are not counted. Names of pods are approximations that Google adds. No field tells who
opened the connection.

Source: https://cloud.google.com/vpc/docs/about-flow-logs-records, 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pyarrow as pa

from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.counting.connections import Connections
from flowcheck.flows.logs.counting.tellers import Tellers
from flowcheck.flows.logs.form import Asked, Format
from flowcheck.flows.logs.rows import Row, batch_of
from flowcheck.flows.logs.text.decoding import decoded
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.items import objects_of
from flowcheck.flows.logs.text.source import Source
from flowcheck.flows.logs.values.protocols import WITH_PORTS

WINDOW = 2
DENIED = 2
_POINTS = {"SRC": 1, "DEST": 2, "SRC_GATEWAY": 3, "DEST_GATEWAY": 3}


class Connection(msgspec.Struct, gc=False):
    src_ip: str | None = None
    dest_ip: str | None = None
    src_port: int | None = None
    dest_port: int | None = None
    protocol: int | None = None


class Workload(msgspec.Struct, gc=False):
    workload_name: str | None = None


class Pod(msgspec.Struct, gc=False):
    pod_name: str | None = None
    pod_namespace: str | None = None
    pod_workload: Workload | None = None


class Cluster(msgspec.Struct, gc=False):
    """Services of the pod stand beside it, in a list or alone: which was dialled they do not tell."""

    pod: Pod | None = None


class Instance(msgspec.Struct, gc=False):
    vm_name: str | None = None


class Record(msgspec.Struct, gc=False):
    """Numbers of 64 bits are texts."""

    connection: Connection | None = None
    reporter: str | None = None
    disposition: str | None = None
    bytes_sent: int | None = None
    packets_sent: int | None = None
    start_time: str | None = None
    end_time: str | None = None
    src_instance: Instance | None = None
    dest_instance: Instance | None = None
    src_gke_details: Cluster | None = None
    dest_gke_details: Cluster | None = None


class Entry(Record, gc=False):
    """An entry of Cloud Logging, or a record alone."""

    jsonPayload: Record | None = None  # noqa: N815 - the name it has


_decoder = msgspec.json.Decoder(Entry, strict=False)


def recognise(head: Head) -> str:
    for document in head.objects:
        record = document.get("jsonPayload", document)
        if isinstance(record, dict) and str(record.get("reporter")) in _POINTS and _connects(record):
            return "its records have a connection and a reporter"
    return ""


def _connects(record: dict[str, Any]) -> bool:
    connection = record.get("connection")
    return isinstance(connection, dict) and "dest_ip" in connection


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """The rows of a log, some thousands at a time."""
    connections, tellers = Connections(), Tellers()
    for records in objects_of(source, account):
        rows = []
        for number, text in records:
            entry = decoded(_decoder, text)
            record = entry if entry is None or entry.jsonPayload is None else entry.jsonPayload
            if record is None:
                account.reject("bad_record", number)
            elif record.connection is None or record.reporter is None:
                account.leave_out("other_log")
            else:
                rows.append(_row(number, record, record.connection))
        connections.settle(rows)
        tellers.settle(rows)
        for row in rows:
            if row.cloud_action == DENIED:
                row.flow_count = row.flow_count_here = None
        if rows:
            yield batch_of(rows, account)


def _row(number: int, record: Record, connection: Connection) -> Row:
    point = _POINTS.get(record.reporter or "", 0)
    instance = record.dest_instance if point == 2 else record.src_instance if point == 1 else None
    row = Row(
        record=number,
        start_time=record.start_time,
        end_time=record.end_time,
        src_ip=connection.src_ip or None,
        dst_ip=connection.dest_ip or None,
        protocol=connection.protocol,
        initiator=0,
        action=0,
        cloud_action=DENIED if record.disposition == "DROPPED" else None,
        observation_point=point,
        observer=instance.vm_name or None if instance is not None else None,
        record_kind=WINDOW,
        bytes=record.bytes_sent,
        packets=record.packets_sent,
    )
    if row.protocol in WITH_PORTS:
        row.src_port, row.dst_port = connection.src_port, connection.dest_port
    row.src_namespace, row.src_pod, row.src_workload = _names(record.src_gke_details)
    row.dst_namespace, row.dst_pod, row.dst_workload = _names(record.dest_gke_details)
    return row


def _names(details: Cluster | None) -> tuple[str | None, str | None, str | None]:
    if details is None or details.pod is None:
        return None, None, None
    pod, workload = details.pod, details.pod.pod_workload
    return (
        pod.pod_namespace or None,
        pod.pod_name or None,
        workload.workload_name or None if workload is not None else None,
    )


FORMAT = Format(
    "gcp",
    "Google Cloud VPC flow log",
    recognise,
    read,
    silent=(
        "what a CNI decided, and what the VPC firewall denied but for rows it says it dropped",
        "connections none of whose packets were sampled: about one packet in thirty is looked at",
        "traffic between pods of one node, unless the cluster has intranode visibility",
        "who opened a connection, and which Service was dialled",
    ),
)
