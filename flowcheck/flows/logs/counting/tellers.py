"""Whose bytes count, where several observers report the same packets, each for itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flowcheck.flows.logs.counting.connections import GAP
from flowcheck.flows.logs.rows import Row

_ONE_WAY = frozenset({1, 2})
"""Of record_kind."""
Key = tuple[str | int | None, ...]


class _Teller(NamedTuple):
    reporter: tuple[str | None, int | None]
    last: int


class Tellers:
    """Use for the rows of one log, in their order, after their connections were settled.

    Bytes and packets of one direction of a connection are taken from the observer and observation point that
    told of it first, until they are silent for GAP; those of others become null, and are what their own point
    reports (``bytes_here``) where they are the first there. ``kinds``: which kinds of records are looked at;
    those of connections tell of both directions, and mostly once.
    """

    def __init__(self, kinds: frozenset[int] = _ONE_WAY) -> None:
        self._kinds = kinds
        self._now: dict[Key, _Teller] = {}
        self._before: dict[Key, _Teller] = {}
        self._since: int | None = None

    def settle(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if row.record_kind not in self._kinds or not isinstance(row.start_time, int):
                continue  # a time that is still text is none
            if row.packets or row.packets_reverse:
                self._settle(row, row.start_time)

    def _settle(self, row: Row, at: int) -> None:
        key = (
            *(row.src_ip, row.src_port, row.dst_ip, row.dst_port, row.protocol, row.icmp_type),
            row.packets is None,
        )
        reporter = (row.observer, row.observation_point)
        here = self._tells((*key, row.observation_point), reporter, at)
        if not self._tells(key, reporter, at):
            if here:
                row.bytes_here, row.packets_here = row.bytes, row.packets
            row.bytes = row.packets = row.bytes_reverse = row.packets_reverse = None
        elif not here:
            row.bytes_here = row.packets_here = 0

    def _tells(self, key: Key, reporter: tuple[str | None, int | None], at: int) -> bool:
        told = self._now.get(key) or self._before.get(key)
        if told is not None and told.reporter != reporter and abs(at - told.last) <= GAP:
            return False
        self._keep(key, _Teller(reporter, at))
        return True

    def _keep(self, key: Key, teller: _Teller) -> None:
        if self._since is None or teller.last - self._since > 2 * GAP:
            self._before, self._now, self._since = self._now, {}, teller.last
        self._now[key] = teller
