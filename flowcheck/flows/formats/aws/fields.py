"""Names of fields, as headers of text and columns of Parquet have them, and what lines tell of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from flowcheck.errors import FlowFormatError

VERSION_2 = (
    *("version", "account_id", "interface_id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol"),
    *("packets", "bytes", "start", "end", "action", "log_status"),
)
"""The default format, in its order."""
READ = (
    *("interface_id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes"),
    *("start", "end", "action", "log_status", "tcp_flags", "pkt_srcaddr", "pkt_dstaddr", "flow_direction"),
)
"""What is read of a record."""
KNOWN = frozenset(
    (
        *(*VERSION_2, *READ, "vpc_id", "subnet_id", "instance_id", "type", "region", "az_id"),
        *("sublocation_type", "sublocation_id", "pkt_src_aws_service", "pkt_dst_aws_service"),
        *("traffic_path", "reject_reason", "resource_id", "encryption_status", "resource_type"),
    )
)
WHOLE = frozenset({"srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "tcp_flags"})
"""Those of READ that are whole numbers."""
_STATUS = re.compile(r"\b(OK|NODATA|SKIPDATA)\b")
_ADDRESS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-f]*:[0-9a-f:.]+")
_PLAIN = re.compile(r"[\w .:/+-]+")
_INTERFACE = re.compile(r"\beni-[0-9a-z]+\b")


def plain_name(name: str) -> str:
    """``pkt-srcaddr``, ``${pkt-srcaddr}`` and ``pkt_srcaddr`` are one field."""
    return name.removeprefix("${").removesuffix("}").replace("-", "_")


def separator_of(header: str) -> str:
    """What stands between fields: a blank, but in tables that Athena and others export."""
    return "," if "," in header and " " not in header.strip() else " "


def header_of(line: str) -> tuple[str, ...]:
    """The fields that a line names; none where it is no header."""
    words = line.strip().split(",") if separator_of(line) == "," else line.split()
    names = tuple(map(plain_name, words))
    known = sum(name in KNOWN or name.startswith("tgw_") for name in names)
    return names if known >= 3 and 2 * known >= len(names) else ()


def is_version_2(line: str) -> bool:
    """Whether a line without a header is of the default format."""
    values = line.split()
    return (
        len(values) == len(VERSION_2)
        and values[0] == "2"
        and values[12] in ("ACCEPT", "REJECT", "-")
        and values[13] in ("OK", "NODATA", "SKIPDATA")
    )


def is_record(line: str) -> bool:
    """Whether a line without a header is a record in some custom format."""
    values = line.split()
    if not 4 <= len(values) <= 100 or not _INTERFACE.search(line) or not _PLAIN.fullmatch(line):
        return False
    windows = _STATUS.search(line) is not None or not {"ACCEPT", "REJECT"}.isdisjoint(values)
    return sum(_ADDRESS.fullmatch(value) is not None for value in values) >= 2 or (
        windows and values.count("-") >= 3
    )


def is_transit(names: Iterable[str]) -> bool:
    """Whether fields, or the values of a record without a header, are those of a transit gateway's log."""
    return any(name.startswith(("tgw_", "tgw-")) or name == "TransitGateway" for name in names)


def check(names: Sequence[str], where: str) -> None:
    """**Raises**: FlowFormatError for a log of a transit gateway."""
    if is_transit(names):
        raise FlowFormatError(
            "is a flow log of a transit gateway: it tells what passes between networks, not what was done "
            "with it",
            where=where,
            hint="audit flow logs of network interfaces, subnets or VPCs",
        )
