"""Which addresses DNS names had, and when: what a policy by names needs to be decided.

Read are, from one file, packed or not:

    CSV          with a first line ``name,address``, and ``from``, ``until`` if times are known
    JSON lines   ``{"name": ..., "address": ... or "addresses": [...], "from": ..., "until": ...}``
    Hubble       the answers of DNS in its records of layer 7 (``flow.l7.dns``); other records say nothing

Times are RFC 3339; without ``from`` it was so from the beginning, without ``until`` to the end. An answer of
DNS holds for its TTL; whether it still does in the minute after that is open, as Cilium then looks for names
that nothing uses any more.

Source: cilium v1.20 flow.proto DNS; pkg/fqdn/cache.go, daemon fqdn GC interval of one minute.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from flowcheck.counted import agreeing
from flowcheck.errors import ManifestError, Problem
from flowcheck.manifests.files.paths import PathLike, read_inputs
from flowcheck.manifests.journal import Journal
from flowcheck.manifests.validation import canonical_address
from flowcheck.model.instants import SECOND, parse_instant
from flowcheck.model.ranges import DnsMap, NamedAddress
from flowcheck.model.timeline import BEGINNING, END, Lifetime

COLLECTED = 60 * SECOND
"""How long an answer may go on to hold after its TTL."""
_COLUMNS = ("name", "address", "from", "until")
_ANSWER = (2, "2", "RESPONSE")
_LONGEST = 253
"""Characters of a name. Source: RFC 1035, 2.3.4."""
_HINT = "give CSV with name,address,from,until, JSON lines of the same, or Hubble's records of DNS"
_CSV_HINT = (
    "write name,address,from,until there, of which from and until are optional, and below it lines as "
    "api.example.com,192.0.2.1,2026-03-10T10:05:00Z,"
)
_JSON_HINT = 'one object a line, as {"name": "api.example.com", "address": "192.0.2.1"}'
_ADDRESS_HINT = "write one such as 192.0.2.1 or 2001:db8::1"
_TIME_HINT = "RFC 3339, as 2026-03-10T10:05:00Z; absent: always"
_HUBBLE_HINT = "give them as hubble observe -o json prints them"
_SHOWN, _MOST_SHOWN = 40, 5
_FIELDS_HINT = "there are name, address or addresses, from, until"
_decode = msgspec.json.Decoder().decode


def read_dns_map(path: PathLike) -> DnsMap:
    """The names of a file.

    **Raises**: ManifestError with every problem, by line, where it cannot be read or holds no name.
    """
    journal = Journal()
    inputs = list(read_inputs([path], journal))
    if len(inputs) != 1:
        why = "; ".join(skipped.reason for skipped in journal.skipped) or "it is a folder"
        raise ManifestError(f"is no DNS map: {why}", where=str(path), hint=_HINT)
    (item,) = inputs
    found: dict[NamedAddress, None] = {}
    problems: list[Problem] = []
    for line, record in _records(item.data):
        try:
            found |= dict.fromkeys(_named(record))
        except ValueError as error:
            message, hint = (*error.args, _HINT)[:2]
            problems.append(Problem(str(message), f"{item.name}:{line}", str(hint)))
    if problems:
        raise ManifestError("is no DNS map", where=item.name, problems=problems)
    if not found:
        raise ManifestError("tells of no name", where=item.name, hint=_HINT)
    return DnsMap(item.name, journal.inputs[item.name], tuple(found))


def _records(data: bytes) -> Iterator[tuple[int, Any]]:
    """(line, what it holds); a line that is none holds the ValueError that says why, and what to write."""
    if not data.lstrip().startswith(b"{"):
        yield from _rows(data)
        return
    for line, text in enumerate(data.splitlines(), start=1):
        if text.strip():
            try:
                yield line, _decode(text)
            except (msgspec.DecodeError, RecursionError):
                yield line, ValueError("is not JSON", _JSON_HINT)


def _rows(data: bytes) -> Iterator[tuple[int, Any]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        yield line, ValueError("is not UTF-8", "save the file as UTF-8")
        return
    rows = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if fault := _header_fault(rows.fieldnames or ()):
            yield 1, ValueError(fault, _CSV_HINT)
            return
        for row in rows:
            if None in row:
                yield rows.line_num, ValueError("has more fields than the first line names", _CSV_HINT)
            else:
                yield rows.line_num, {key: value for key, value in row.items() if value}
    except csv.Error as error:
        yield rows.line_num or 1, ValueError(f"is no CSV: {error}", _HINT)


def _header_fault(columns: Sequence[str]) -> str:
    """What is wrong with the names of the columns; empty: nothing."""
    missing = [name for name in ("name", "address") if name not in columns]
    unknown = [repr(name[:_SHOWN]) for name in columns if name not in _COLUMNS]
    said = [f"it lacks {' and '.join(missing)}"] if missing else []
    if unknown:
        said.append(f"{', '.join(unknown[:_MOST_SHOWN])} {agreeing(len(unknown), 'is', 'are')} no column")
    return f"the first line does not name the columns of a DNS map: {'; '.join(said)}" if said else ""


def _named(record: Any) -> Iterator[NamedAddress]:
    """What a record tells. Raises ValueError where it tells it wrongly."""
    if isinstance(record, ValueError):
        raise record
    if not isinstance(record, dict):
        raise ValueError("is no line of a DNS map", _JSON_HINT)
    if isinstance(record.get("flow"), dict) or "l7" in record or "event_type" in record:
        flow = record["flow"] if isinstance(record.get("flow"), dict) else record
        yield from _answered(flow, flow.get("time") or record.get("time"))
        return
    if {"node_name", "lost_events", "agent_event"} & record.keys():
        return  # of Hubble, too
    if unknown := sorted(map(str, record.keys() - {*_COLUMNS, "addresses"})):
        raise ValueError(f"has a field {unknown[0][:_SHOWN]!r}, which a DNS map has not", _FIELDS_HINT)
    addresses = record["addresses"] if "addresses" in record else [record.get("address")]
    if not isinstance(addresses, list) or not addresses:
        raise ValueError("addresses: must be a list with an address at least", _ADDRESS_HINT)
    times = Lifetime.exact(_time(record, "from", BEGINNING), _time(record, "until", END))
    if times.start >= times.end:
        raise ValueError("until: it ends before it begins, or as it does", "write a time after from, or none")
    for address in addresses:
        yield NamedAddress(_name(record.get("name")), _address(address), times)


def _answered(flow: dict[str, Any], time: Any) -> Iterator[NamedAddress]:
    """The addresses that a name was resolved to, if the flow is such an answer."""
    layer = flow.get("l7")
    dns = layer.get("dns") if isinstance(layer, dict) else None
    if not isinstance(layer, dict) or not isinstance(dns, dict) or layer.get("type") not in _ANSWER:
        return
    addresses, ttl = dns.get("ips") or [], dns.get("ttl") or 0
    if not isinstance(addresses, list) or isinstance(ttl, bool) or not isinstance(ttl, int) or ttl < 0:
        raise ValueError("flow.l7.dns: ips must be a list, and ttl a number from 0", _HUBBLE_HINT)
    if not addresses:
        return
    if not isinstance(time, str):
        raise ValueError("flow.time: an answer of DNS has none", _HUBBLE_HINT)
    start = _instant("flow.time", time)
    end = min(start + ttl * SECOND, END - COLLECTED)
    for address in addresses:
        yield NamedAddress(
            _name(dns.get("query")), _address(address), Lifetime(start, end + COLLECTED, start, end)
        )


def _name(value: Any) -> str:
    name = value.rstrip(".").lower() if isinstance(value, str) else ""
    if not name or len(name) > _LONGEST or not name.isascii() or not name.isprintable() or " " in name:
        raise ValueError("name: there is none that DNS could have", "write one such as api.example.com")
    return name


def _address(value: Any) -> str:
    try:
        return canonical_address(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("address: there is none", _ADDRESS_HINT) from None


def _time(record: dict[str, Any], field: str, absent: int) -> int:
    value = record.get(field)
    if value is None:
        return absent
    if not isinstance(value, str):
        raise ValueError(f"{field}: is not a time", _TIME_HINT)
    return _instant(field, value)


def _instant(field: str, text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise ValueError(f"{field}: {error}", _TIME_HINT) from None
