"""Flows of the agent -> rows: which end opened the connection, what was decided, and on which side."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from flowcheck.flows.formats.eks_agent.records import Told, told
from flowcheck.flows.logs import cloudwatch
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.connections import Connections, turn_round
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.rows import Row, batch_of
from flowcheck.flows.logs.source import Source

ALLOWED, DENIED, DROPPED = 1, 2, 4
SOURCE, DESTINATION = 1, 2
EVENT = 1
PROTOCOLS = {"ICMP": 1, "TCP": 6, "UDP": 17, "SCTP": 132, "ANY PROTOCOL": 254, "RESERVED": 255}
"""The agent's names of numbers: these two are 254 and 255, and UNKNOWN is any other."""
WITH_PORTS = (6, 17, 132)
_CLIENTS = range(32768, 61000)
"""Ports of clients. Source: ip_local_port_range of Linux."""
_MOST = 1 << 17
"""Connections remembered: past it the oldest are forgotten."""
Key = tuple[str | int | None, ...]


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """The rows of a log, a block of lines at a time."""
    answers, connections = _Answers(), Connections()
    for events in cloudwatch.events(source, account):
        rows = []
        for event in events:
            account.read()
            flow = told(event)
            if flow is None:
                account.leave_out("not_a_flow")
            elif isinstance(flow, str):
                account.reject(flow, event.position)
            elif flow.verdict == "EXPIRED/DELETED":
                account.leave_out("expired")
            elif flow.verdict not in ("ACCEPT", "DENY"):
                account.reject("bad_action", event.position)
            else:
                rows.append(_row(event.position, flow))
        answers.find(rows)
        connections.settle(rows)
        if rows:
            yield batch_of(rows, account)
    answers.tell(account)


def _row(position: int, flow: Told) -> Row:
    protocol, side = PROTOCOLS.get(flow.protocol), flow.direction.lower()
    with_ports = protocol in WITH_PORTS
    row = Row(
        record=position,
        start_time=flow.at,
        src_ip=flow.src_ip,
        dst_ip=flow.dst_ip,
        src_port=flow.src_port if with_ports else None,
        dst_port=flow.dst_port if with_ports else None,
        protocol=protocol,
        initiator=1,
        action=ALLOWED if flow.verdict == "ACCEPT" else DENIED,
        observation_point={"egress": SOURCE, "ingress": DESTINATION}.get(side, 0),
        record_kind=EVENT,
        observer=flow.node or None,
    )
    if side == "egress":
        row.egress_action = row.action
    elif side == "ingress":
        row.ingress_action = row.action
    return row


class _Answers:
    """Finds what was decided of answers, and takes it back. Use for the rows of one log, in their order."""

    def __init__(self) -> None:
        self._accepted: dict[Key, None] = {}
        self._denied = self._likely = 0

    def find(self, rows: list[Row]) -> None:
        for row in rows:
            if row.action == ALLOWED and not self._is_answer(row):
                if len(self._accepted) >= _MOST:
                    del self._accepted[next(iter(self._accepted))]
                self._accepted[_key(row)] = None
        for row in rows:
            if self._is_answer(row):
                self._denied += row.action == DENIED
                _undecide(row)
                turn_round(row)
                row.flow_count = row.flow_count_here = 0
            elif row.action == DENIED and _goes_to_a_client(row) and _key(row) not in self._accepted:
                self._likely += 1
                _undecide(row)
                row.initiator = 0

    def tell(self, account: Account) -> None:
        if self._denied:
            account.warn(
                "denials of answers within connections that were accepted, which decide nothing: "
                f"{self._denied:,}"
            )
        if self._likely:
            account.warn(
                "denials towards a client's port, which are of answers by all likelihood and not taken for "
                f"decisions: {self._likely:,}"
            )

    def _is_answer(self, row: Row) -> bool:
        """Whether the other direction was accepted before, and this one was not."""
        if row.src_port is None:
            return False
        key = _key(row)
        return key not in self._accepted and (*key[2:4], *key[:2], key[4]) in self._accepted


def _undecide(row: Row) -> None:
    row.action = DROPPED if row.action == DENIED else 0
    row.egress_action = row.ingress_action = None


def _key(row: Row) -> Key:
    return row.src_ip, row.src_port, row.dst_ip, row.dst_port, row.protocol


def _goes_to_a_client(row: Row) -> bool:
    return row.dst_port in _CLIENTS and row.src_port not in _CLIENTS and row.src_port is not None
