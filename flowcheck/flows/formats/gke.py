"""Network policy logging of GKE Dataplane V2: files of its nodes (``/var/log/network/policy_action*.log``),
and the log ``policy-action`` as Cloud Logging has it, one entry a line or a list of them.

A record is a connection that NetworkPolicies allowed, or attempts that they denied (``count``: those of some
seconds in one record), told by the node whose policies decided: those of the destination where its direction
is ingress, of the source where it is egress. Source is who opened the connection. Older releases write the
same fields in one level (``src_pod_name``). What is only allowed for want of a policy is not recorded, nor is
what no policy that is logged decided.

Source: https://cloud.google.com/kubernetes-engine/docs/how-to/network-policy-logging, "Log format";
of node files pkg/gke/policylogger of GKE's fork of Cilium.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pyarrow as pa

from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.counting.connections import Connections
from flowcheck.flows.logs.form import Asked, Format
from flowcheck.flows.logs.rows import Row, batch_of
from flowcheck.flows.logs.text.decoding import decoded
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.items import objects_of
from flowcheck.flows.logs.text.source import Source
from flowcheck.flows.logs.values.protocols import WITH_PORTS, protocol_number

EVENT, AGGREGATE = 1, 5
_ACTIONS = {"allow": 1, "deny": 2}
_SIDES = {"egress": 1, "ingress": 2}


class Connection(msgspec.Struct, gc=False):
    """Numbers may be written as text, or as 8080.0."""

    src_ip: str | None = None
    dest_ip: str | None = None
    src_port: int | None = None
    dest_port: int | None = None
    protocol: int | str | None = None
    direction: str | None = None


class End(msgspec.Struct, gc=False):
    """A pod; of a node or an address outside these names are missing."""

    pod_name: str | None = None
    namespace: str | None = None
    pod_namespace: str | None = None
    workload_name: str | None = None


class Policy(msgspec.Struct, gc=False):
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None


class Record(Connection, gc=False):
    """``connection``, ``src`` and ``dest``, or their fields in one level."""

    disposition: str | None = None
    connection: Connection | None = None
    src: End | None = None
    dest: End | None = None
    policies: list[Policy] | None = None
    count: int | None = None
    timestamp: str | None = None
    node_name: str | None = None
    src_pod_name: str | None = None
    src_pod_namespace: str | None = None
    src_namespace: str | None = None
    src_workload_name: str | None = None
    dest_pod_name: str | None = None
    dest_pod_namespace: str | None = None
    dest_namespace: str | None = None
    dest_workload_name: str | None = None


class Labels(msgspec.Struct, gc=False):
    node_name: str | None = None


class Resource(msgspec.Struct, gc=False):
    labels: Labels | None = None


class Entry(Record, gc=False):
    """An entry of Cloud Logging, or a record alone."""

    jsonPayload: Record | None = None  # noqa: N815 - the name it has
    resource: Resource | None = None


_decoder = msgspec.json.Decoder(Entry, strict=False)


def recognise(head: Head) -> str:
    for document in head.objects:
        record = document.get("jsonPayload", document)
        if isinstance(record, dict) and str(record.get("disposition")) in _ACTIONS and _directed(record):
            return "its records have a disposition and a direction"
    return ""


def _directed(record: dict[str, Any]) -> bool:
    connection = record.get("connection", record)
    return (
        isinstance(connection, dict)
        and "dest_ip" in connection
        and str(connection.get("direction")) in _SIDES
    )


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """The rows of a log, some thousands at a time."""
    connections = Connections()
    for records in objects_of(source, account):
        rows = []
        for number, text in records:
            entry = decoded(_decoder, text)
            record = entry if entry is None or entry.jsonPayload is None else entry.jsonPayload
            if entry is None or record is None:
                account.reject("bad_record", number)
            elif (record.disposition or "").lower() not in _ACTIONS:
                account.leave_out("other_log")
            else:
                rows.append(_row(number, entry, record))
        connections.settle(rows)
        if rows:
            yield batch_of(rows, account)


def _row(number: int, entry: Entry, record: Record) -> Row:
    """Attempts that were counted together have a count of their own; one alone may be told by the nodes of
    both ends, or be tried again."""
    connection = record.connection or record
    labels = entry.resource.labels if entry.resource is not None else None
    count, action = record.count, _ACTIONS[(record.disposition or "").lower()]
    side = _SIDES.get((connection.direction or "").lower(), 0)
    protocol = connection.protocol
    row = Row(
        record=number,
        start_time=record.timestamp or entry.timestamp,
        src_ip=connection.src_ip or None,
        dst_ip=connection.dest_ip or None,
        protocol=protocol_number(protocol) if isinstance(protocol, str) else protocol,
        initiator=1,
        action=action,
        egress_action=action if side == 1 else None,
        ingress_action=action if side == 2 else None,
        policy_refs=[_reference(policy) for policy in record.policies or () if policy.name] or None,
        observation_point=side,
        observer=record.node_name or (labels.node_name if labels is not None else None) or None,
        record_kind=EVENT,
    )
    if row.protocol in WITH_PORTS:
        row.src_port, row.dst_port = connection.src_port, connection.dest_port
    if count is not None and count != 1:
        row.record_kind, row.flow_count, row.flow_count_here = AGGREGATE, count, count
    row.src_namespace, row.src_pod, row.src_workload = _names(record, "src")
    row.dst_namespace, row.dst_pod, row.dst_workload = _names(record, "dest")
    return row


def _names(record: Record, side: str) -> tuple[str | None, str | None, str | None]:
    """Namespace, pod and workload of an end, wherever they stand."""
    end: End = getattr(record, side) or End()
    found = (
        (end.namespace, end.pod_namespace, *_flat(record, side, "pod_namespace", "namespace")),
        (end.pod_name, *_flat(record, side, "pod_name")),
        (end.workload_name, *_flat(record, side, "workload_name")),
    )
    namespace, pod, workload = (next(filter(None, names), None) for names in found)
    return namespace, pod, workload


def _flat(record: Record, side: str, *fields: str) -> list[str | None]:
    return [getattr(record, f"{side}_{field}") for field in fields]


def _reference(policy: Policy) -> str:
    return "/".join(part for part in (policy.kind or "policy", policy.namespace, policy.name) if part)


FORMAT = Format(
    "gke",
    "GKE network policy log",
    recognise,
    read,
    silent=(
        "bytes and packets",
        "connections that no policy selects, and those that the cluster's NetworkLogging leaves out",
        "which Service was dialled",
    ),
)
