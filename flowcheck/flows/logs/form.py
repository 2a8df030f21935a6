"""What a log format is to flowcheck: a name, how it is recognised, and how its records become rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec
import pyarrow as pa

from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.source import Source


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says of logs that do not say it themselves.

    ``format``: a format's name, or auto. ``time_unit``: s, ms, us or ns. ``time_zone``: an IANA name, of
    local times. ``fields``: the columns of a log without a header, in their order. ``mapping``: the text of a
    mapping file. ``most_late``: seconds between when a record was received and its start, past which it is
    implausible; None: any.
    """

    format: str = "auto"
    time_unit: str = ""
    time_zone: str = ""
    fields: tuple[str, ...] = ()
    mapping: str = ""
    most_late: int | None = 3600


Read = Callable[[Source, Asked, Account], Iterator[pa.RecordBatch]]


class Format(NamedTuple):
    """A log format.

    ``recognise`` says why a log is one, in words that complete "it is NAME, for ..."; empty where it is not,
    or may be another. ``read`` yields batches of :data:`flowcheck.flows.logs.rows.SCHEMA` (columns may be
    left out) and tells the account of everything else. ``silent``: what a log of this format cannot tell.
    ``needs_mapping``: nothing recognises it, as only a person can say what its columns mean. ``tells_mesh``:
    whether its rows may have the columns that only a mesh tells, which all others do without.
    """

    name: str
    title: str
    recognise: Callable[[Head], str]
    read: Read
    silent: tuple[str, ...] = ()
    needs_mapping: bool = False
    tells_mesh: bool = False
