"""Several records of one connection: which end opened it, and which of them counts it.

A connection is a 5-tuple whose records begin within GAP of one another. One record of it has flow_count 1 and
the others 0; flow_count_here is 1 for the first at each observation point, so that what one of them reports
can be counted by itself. Only what the last minutes told is remembered.
"""

from __future__ import annotations

from collections.abc import Sequence

from flowcheck.flows.canonical.schema import BOTH_WAYS
from flowcheck.flows.logs.rows import Row
from flowcheck.flows.logs.values.tcp import ACK, SYN, TCP
from flowcheck.flows.logs.values.times import microseconds_of

GAP = 60_000_000
"""Microseconds. Linux keeps a closed 5-tuple from being used again for 60 s (TIME_WAIT)."""
Key = tuple[str | int | None, ...]


class _Recent:
    """When each key was last seen; what is older than GAP may be forgotten."""

    def __init__(self) -> None:
        self._now: dict[Key, int] = {}
        self._before: dict[Key, int] = {}
        self._since: int | None = None

    def seen(self, key: Key, at: int) -> bool:
        """Whether it was seen within GAP of an instant."""
        last = self._now.get(key)
        last = self._before.get(key) if last is None else last
        return last is not None and abs(at - last) <= GAP

    def add(self, key: Key, at: int) -> None:
        self._now[key] = max(at, self._now.get(key, at))

    def forget(self, at: int) -> None:
        """What was seen long before an instant."""
        if self._since is None or at - self._since > 2 * GAP:
            self._before, self._now, self._since = self._now, {}, at


class Connections:
    """Use for the rows of one log, in their order, some thousands at a time."""

    def __init__(self, first_opens: frozenset[int] = frozenset()) -> None:
        """``first_opens``: protocols whose connections are opened by the first packet that a record tells of:
        for logs of packets that ask."""
        self._first_opens = first_opens
        self._opened = _Recent()
        self._counted = _Recent()

    def settle(self, rows: Sequence[Row], ranks: Sequence[int] | None = None) -> None:
        """Turn round what are replies, and count each connection once: where one is reported several times
        among these rows, by the first of the highest rank. Rows that have a flow_count keep it, and those
        without a time are left alone.

        An initiator that no record tells is found by its flags, else by a record of the other direction whose
        initiator is known; it stays unknown where there is neither.
        """
        times, _ = microseconds_of([row.start_time for row in rows])
        unknown = []
        for row, at in zip(rows, times, strict=True):
            row.start_time = row.start_time if at is None else at
            if not row.initiator:
                _by_flags(row)
            if at is None:
                continue
            if row.initiator:
                self._opened.add(_key(row), at)
            else:
                unknown.append((row, at))
        for row, at in unknown:
            self._by_pair(row, at)
        self._count(rows, times, ranks or [0] * len(rows))
        latest = max((at for at in times if at is not None), default=None)
        if latest is not None:
            self._opened.forget(latest)
            self._counted.forget(latest)

    def _by_pair(self, row: Row, at: int) -> None:
        """A connection stays known as long as its records lie within GAP of one another."""
        if self._opened.seen(_key(row), at):
            row.initiator = 1
        elif row.src_port is not None and self._opened.seen(_key(turned := _turned(row)), at):
            _take(row, turned)
            row.initiator = 2
        elif row.protocol in self._first_opens and row.initiator is None:
            row.initiator = 1
        if row.initiator:
            self._opened.add(_key(row), at)

    def _count(self, rows: Sequence[Row], times: Sequence[int | None], ranks: Sequence[int]) -> None:
        chosen: dict[Key, int] = {}
        for place, row in enumerate(rows):
            if row.flow_count is None and times[place] is not None:
                for key in _counting_keys(row):
                    best = chosen.setdefault(key, place)
                    if ranks[place] > ranks[best] and not self._is_later(times[best], times[place]):
                        chosen[key] = place
        for place, row in enumerate(rows):
            at = times[place]
            if row.flow_count is None and at is not None:
                row.flow_count, row.flow_count_here = (
                    self._counts(key, place, at, chosen, times) for key in _counting_keys(row)
                )

    def _counts(
        self, key: Key, place: int, at: int, chosen: dict[Key, int], times: Sequence[int | None]
    ) -> int:
        """1 where this record is the one that counts its connection."""
        first = chosen[key]
        seen = self._counted.seen(key, at)
        if not seen and first > place and not self._is_later(at, times[first]):
            return 0  # the one that counts is yet to come
        self._counted.add(key, at)
        return 0 if seen else 1

    @staticmethod
    def _is_later(one: int | None, other: int | None) -> bool:
        """Whether another record lies past the end of a connection."""
        return one is None or other is None or abs(other - one) > GAP


def _counting_keys(row: Row) -> tuple[Key, Key]:
    """Of the connection, and of it at its observation point. With both ports they are the same for a record
    of either direction, as it may not be known which of them the opener's is."""
    key, point = _key(row), row.observation_point
    if row.src_port is not None and row.dst_port is not None:
        (one, other), rest = (key[:2], key[2:4]), key[4:]
        if str(other) < str(one):
            key, point = (*other, *one, *rest), _opposite(point)
    return key, (*key, point)


def _key(row: Row) -> Key:
    """One direction of a 5-tuple; without addresses, of names."""
    src = row.src_ip or (row.src_namespace, row.src_pod or row.src_workload)
    dst = row.dst_ip or (row.dst_namespace, row.dst_pod or row.dst_workload)
    return src, row.src_port, dst, row.dst_port, row.protocol, row.icmp_type  # type: ignore[return-value]


def _by_flags(row: Row) -> None:
    """A SYN opens a connection; one with an ACK answers it. Source: RFC 9293, 3.5."""
    if row.tcp_flags is None or row.protocol != TCP or not row.tcp_flags & SYN:
        return
    if row.tcp_flags & ACK:
        turn_round(row)
    else:
        row.initiator = 1


def turn_round(row: Row) -> None:
    """Exchange the ends of a reply: it is a record of the connection that the other end opened."""
    _take(row, _turned(row))
    row.initiator = 2


def _turned(row: Row) -> Row:
    other = Row(record=row.record, protocol=row.protocol, icmp_type=row.icmp_type)
    for one, two in BOTH_WAYS:
        setattr(other, one, getattr(row, two))
        setattr(other, two, getattr(row, one))
    other.observation_point = _opposite(row.observation_point)
    return other


def _opposite(point: int | None) -> int | None:
    """An observation point after the ends are exchanged."""
    return {1: 2, 2: 1}.get(point or 0, point)


def _take(row: Row, turned: Row) -> None:
    row.observation_point = turned.observation_point
    for names in BOTH_WAYS:
        for name in names:
            setattr(row, name, getattr(turned, name))
