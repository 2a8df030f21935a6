"""Why a log is a VPC flow log: its header, its columns, or lines that only such a log has."""

from __future__ import annotations

from flowcheck.flows.formats.aws.fields import header_of, is_record, is_transit, is_version_2, plain_name
from flowcheck.flows.logs.text import cloudwatch
from flowcheck.flows.logs.text.head import Head

_ENDS = ({"srcaddr", "dstaddr"}, {"pkt_srcaddr", "pkt_dstaddr"})
_MARKS = frozenset({"interface_id", "log_status", "pkt_srcaddr", "vpc_id", "account_id", "tgw_id"})
_LINES = 50


def recognise(head: Head) -> str:
    if head.is_parquet:
        names = {plain_name(name) for name in head.schema.names} if head.schema is not None else set()
        own = any(ends <= names for ends in _ENDS) and bool(names & _MARKS)
        return "its columns are those of VPC flow logs" if own else ""
    for line in cloudwatch.texts_of(head)[:_LINES]:
        if header_of(line):
            return "its header names the fields of VPC flow logs"
        if is_version_2(line):
            return "its lines are records of version 2, the default format"
        if is_record(line):
            return "its lines name network interfaces, and what was done"
        if is_transit(line.split()[:5]) and len(line.split()) > 10:
            return "its lines name transit gateways"
    return ""
