"""Antrea's flow aggregator: what it writes to ClickHouse (Theia), to S3, to its own log, and to IPFIX
collectors.

A record is a connection in both directions, told again every minute or so while it lasts: its ``Delta``
counters are what was added since it was last told, ``Total`` what there was since it began. The node of
either end reports it, or both together. The source is who opened it; the destination is the pod that a
Service's address led to, and what was dialled stands beside it. A rule's action says what the policies of an
end decided: 0 that none applied, or that the connection is older than the agent. In ClickHouse times are
texts of the server's time zone, elsewhere seconds since 1970. Zeros, and empty text, are what is not there.

Source: pkg/flowaggregator (clickhouseclient, s3uploader, flowlogger, flowrecord) and
pkg/apis/flow/v1alpha1/flow.proto of antrea-io/antrea, 2026-08; create_table.sh of antrea-io/theia.
"""

from __future__ import annotations

from flowcheck.flows.formats.antrea.reading import read, recognise
from flowcheck.flows.logs.form import Format

FORMAT = Format(
    "antrea",
    "Antrea flow records",
    recognise,
    read,
    silent=(
        "protocols other than TCP, UDP and SCTP",
        "whether no policy applied, or the connection is older than the agent",
        "bytes and packets, in the flow aggregator's own log",
    ),
)
