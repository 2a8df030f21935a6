"""OCSF network activity, class 4001: what security data lakes hold (Amazon Security Lake: Parquet), and
events as JSON, one a line, in a list, or one alone.

A record is what a product saw of a connection: a window of one direction at one network interface (cloud flow
logs), or a connection with both directions (sensors, firewalls). Who reports it is ``metadata.product``; its
``action_id`` or ``disposition_id`` is that product's verdict, a security group's or a firewall's: it is a
policy's where the product is a CNI. ``src_endpoint`` is the sender; only ``initiator_id``,
``is_src_dst_assignment_known``, TCP flags, or counters of both directions tell that it opened the connection.
A time is in milliseconds; some writers give seconds, which its magnitude tells. Windows without traffic
(status_code NODATA) and lost ones (SKIPDATA) are records too, and so may be events of other classes.

Source: https://schema.ocsf.io, 1.0.0-rc.2 to 1.9.0-dev, class network_activity.
"""

from __future__ import annotations

from flowcheck.flows.formats.ocsf.reading import read, recognise
from flowcheck.flows.logs.form import Format

FORMAT = Format(
    "ocsf",
    "OCSF network activity",
    recognise,
    read,
    silent=(
        "what a CNI decided, unless the reporting product is one",
        "types and codes of ICMP",
        "traffic between pods of one node, where the product is a cloud's flow log",
    ),
)
