"""Logs of every format with one thing wrong in one record: a port, an address, a time, a line cut off, a line
of something else in between. That record is told by its line, and the others are read.

Made of the examples that the formats' own tests have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tests.badinputs.inputs import BadInput, files
from tests.cli.run import ROOT

EXAMPLES = ROOT / "tests" / "flows" / "formats" / "examples"
JUNK = b'\x00\x1b[2J{"\xff\n'
"""A line of control characters and half of something."""


class Example(NamedTuple):
    """``port``, ``address``, ``time``: where these stand first in the file; ``line``: which line that is of.
    ``cut``: what the last line is rejected for when half of it is gone; empty: it still is one, or none.
    ``junk``: what becomes of a line of junk: the word ``rejected``, or the reason why it is left out."""

    file: str
    port: bytes
    address: bytes
    time: bytes
    line: int = 1
    cut: str = "bad_record"
    junk: str = "rejected"


TABLE = (
    Example("aks/export.jsonl", b"8080", b"10.0.1.5", b"2026-03-10T09:20:00.1234567Z"),
    Example("akvorado/flows.jsonl", b'"DstPort":8443', b"10.20.0.7", b"2026-04-01T10:00:05Z"),
    Example("antrea/antrea-flows.log", b"8080", b"10.12.0.8", b"1780300800"),
    Example("antrea/clickhouse.jsonl", b"8080", b"10.12.0.8", b"2026-06-01T08:00:00Z"),
    Example("aws/default.log", b" 53 ", b"10.20.1.10", b"1773200000"),
    Example("aws/custom.log", b" 8443 ", b"10.20.1.14", b"1773200000", line=2),
    Example("azure/tuples.txt", b",443,", b"10.70.0.6", b"1775203200", line=2),
    Example("azure/event_hub.jsonl", b",53,", b"10.70.0.5", b"1775203200,"),
    Example("calico/flows.jsonl", b"6432", b"10.0.1.7", b"1773137000"),
    Example(
        "calico-packets/syslog.log", b"DPT=443", b"10.0.1.5", b"2026-03-10T10:00:01.250000", junk="no_flow"
    ),
    Example("conntrack/events.txt", b"dport=80", b"10.8.0.3", b"1782900000.000100", junk="no_entry"),
    Example(
        "eks-agent/agent.log", b"8080", b"10.30.1.8", b"2026-03-11T08:00:01.250Z", line=2, junk="not_a_flow"
    ),
    Example("eks-agent/older.log", b":53", b"10.30.1.8", b"2026-03-11T08:00:04.100Z", junk="not_a_flow"),
    Example("gcp/entries.jsonl", b"5432", b"10.60.1.4", b"2026-04-03T08:00:00.5Z"),
    Example("gke/policy_action.log", b"5432", b"10.60.1.4", b"2026-04-03T08:00:00.000000001"),
    Example("goflow2/flows.json", b":8443", b"10.20.0.7", b"1775037600250000000"),
    Example("hubble/exported.jsonl", b"5432", b"10.0.1.5", b"2026-03-10T09:00:00.100Z"),
    Example("hubble/wrapped.log", b":53", b"10.0.1.5", b"2026-03-10T09:40:00Z"),
    Example("istio/sidecar.jsonl", b":8080", b"", b"2026-04-01T10:00:00.250Z", junk="no_access_line"),
    Example("netobserv/flows.jsonl", b"5432", b"10.5.2.3", b'TimeFlowStartMs":'),
    Example("nfdump/fast.csv", b"8443", b"10.20.0.7", b"1775037600250", line=2),
    Example("ocsf/events.jsonl", b":8443", b"10.2.0.4", b'start_time":1775203200000'),
    Example(
        "ovn/acl-audit-log.log",
        b"tp_dst=8080",
        b"10.9.0.5",
        b"2026-07-02T10:15:00.100Z",
        2,
        "bad_src_ip",
        "no_acl_log",
    ),
    Example("suricata/eve.json", b":443", b"10.20.0.7", b"2026-04-01T12:00:00.250000+0200"),
    Example("zeek/conn.json", b":53", b"10.20.0.8", b"2026-04-01T10:00:00.250000Z"),
    Example("zeek/conn.log", b"\t8443", b"10.20.0.7", b"1775", line=9, cut=""),
    Example(
        "ztunnel/access.log",
        b":8080",
        b"",
        b"2026-04-01T10:00:00.300000Z",
        line=2,
        cut="",
        junk="no_access_line",
    ),
)


def _digits(port: bytes) -> bytes:
    return bytes(sign for sign in port if chr(sign).isdigit())


def _changes(one: Example, data: bytes) -> Iterator[tuple[str, bytes, str, bool]]:
    """(name, the file, what is said of it, whether a record is lost)."""
    lines = data.splitlines(keepends=True)
    n, at = len(lines), rf"line {one.line}\b"

    def first(old: bytes, new: bytes) -> bytes:
        assert old in lines[one.line - 1], (one.file, old)
        return b"".join([*lines[: one.line - 1], lines[one.line - 1].replace(old, new), *lines[one.line :]])

    yield (
        "a port of 70000",
        first(one.port, one.port.replace(_digits(one.port), b"70000")),
        rf"bad_(dst|service)_port: {at}",
        True,
    )
    if one.address:
        yield (
            "an address of 999",
            first(one.address, b"10.0.1.999"),
            rf"bad_src_ip: {at}|bad_dst_ip: {at}",
            True,
        )
    yield "a time that is none", first(one.time, b"never"), rf"bad_(start_time|record): {at}", True
    if one.cut:
        half = data.rstrip()[: -len(lines[-1]) // 2]
        yield "its last line cut off", half, rf"{one.cut}: line {n}\b", True
    between = b"".join([*lines[:-1], JUNK, lines[-1]])
    lost = one.junk == "rejected"
    yield (
        "junk in between",
        between,
        rf"bad_record: line {n}\b" if lost else rf"left out \(.*{one.junk}",
        lost,
    )
    other = b"2 1 eni-0 10.0.0.1 10.0.0.2 1 2 6\n"
    mixed = b"".join([*lines[:-1], other, lines[-1]])
    yield (
        "a line of another format",
        mixed,
        rf"bad_record: line {n}\b" if lost else rf"left out \(.*{one.junk}",
        lost,
    )


def _inputs() -> Iterator[BadInput]:
    for one in TABLE:
        name = one.file.partition("/")[0]
        data = (EXAMPLES / one.file).read_bytes()
        for title, content, said, lost in _changes(one, data):
            command = ("convert", "{here}", "--from", name, "-o", "{out}", "--jobs", "1")
            line = rf"^info: HERE/a\.log: .*({said})"
            yield BadInput(f"{one.file}: {title}", files({"a.log": content}), command, 3 if lost else 0, line)


CONVERT = ("convert", "{here}", "-o", "{out}", "--jobs", "1")
NO_LOGS: tuple[tuple[str, str | bytes, tuple[str, ...], str], ...] = (
    ("nothing", b"", CONVERT, r"HERE/a\.log: is empty"),
    ("blank lines", b"\n \n\n", CONVERT, r"HERE/a\.log: (holds no records|cannot tell what this is)"),
    ("prose", "Dear flowcheck,\nthis is no log.\n", CONVERT, r"HERE/a\.log: cannot tell what this is"),
    ("JSON of something else", '{"a": 1}\n{"a": 2}\n', CONVERT, r"HERE/a\.log: cannot tell what this is"),
    ("a table of something else", "a,b,c\n1,2,3\n", CONVERT, r"HERE/a\.log: cannot tell what this is"),
    ("bytes", bytes(range(256)) * 4, CONVERT, r"HERE/a\.log: cannot tell what this is"),
    ("a long line without end", b"x" * 2_000_000, CONVERT, r"HERE/a\.log: cannot tell what this is"),
    ("packed text, cut off", b"\x1f\x8b\x08\x00", CONVERT, r"HERE/a\.log: .*(cut|damaged|unpack|ends)"),
    ("nothing, called Hubble's", b"", (*CONVERT, "--from", "hubble"), r"HERE/a\.log: is empty"),
    (
        "AWS's, called Zeek's",
        (EXAMPLES / "aws/default.log").read_bytes(),
        (*CONVERT, "--from", "zeek"),
        r"HERE/a\.log: looks like AWS.*--from aws",
    ),
    (
        "Hubble's, called AWS's",
        (EXAMPLES / "hubble/exported.jsonl").read_bytes(),
        (*CONVERT, "--from", "aws"),
        r"HERE/a\.log: looks like Cilium Hubble.*--from hubble",
    ),
    (
        "a log called Parquet",
        (EXAMPLES / "hubble/exported.jsonl").read_bytes(),
        ("convert", "{here}/a.log", "-o", "{out}", "--from", "canonical"),
        r"HERE/a\.log: not a Parquet file",
    ),
)


INPUTS: list[BadInput] = [
    *_inputs(),
    *(
        BadInput(f"no log: {name}", files({"a.log": text}), command, 2, said)
        for name, text, command, said in NO_LOGS
    ),
]
