"""What records of one direction have in common that write 0 for what is not there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flowcheck.flows.formats.mapped.columns.table import Table
from flowcheck.flows.formats.mapped.pings import icmp_ends
from flowcheck.flows.logs.values.protocols import WITH_PORTS


def of_one_way(table: Table) -> None:
    """Ports only with protocols that have them, and not 0, which stands for those of a fragment; types and
    codes only with ICMP, flags only with TCP; and answers of ICMP turned round."""
    protocol = table.numbers("protocol")
    icmp = np.isin(protocol, (1, 58))
    for name in ("src_port", "dst_port"):
        _only(table, (name,), np.isin(protocol, [*WITH_PORTS]) & (table.numbers(name) > 0))
    _only(table, ("icmp_type", "icmp_code"), icmp)
    _only(table, ("tcp_flags",), protocol == 6)
    if icmp.any():
        icmp_ends(table, table.numbers("icmp_type"), table.numbers("icmp_code"), code_is_answer=False)


def _only(table: Table, names: tuple[str, ...], where: npt.NDArray[np.bool_]) -> None:
    for name in names:
        if name in table.columns:
            numbers = table.numbers(name)
            none = ~where | (numbers < 0)
            table.put(name, np.where(none, 0, numbers), none)
