"""Flow logs of Azure: of virtual networks (version 4), and of network security groups (versions 1 and 2).

They come as one document with ``records``, as one record a line (event hubs), or as their tuples alone, one a
line. A tuple is what one network interface saw of a connection: that it began (B), goes on (C), ended (E) or
was denied (D); of version 1 only that it was new. B and D count a connection; C and E have its bytes both
ways since the last tuple. The source opened it. The verdict is a security group's, or that of an admin rule
of a network manager, never a CNI's. Version 4 tells the time in milliseconds, those before it in seconds.

Source: https://learn.microsoft.com/azure/network-watcher/vnet-flow-logs-overview, nsg-flow-logs-overview.
"""

from __future__ import annotations

from flowcheck.flows.formats.azure.reading import read, recognise
from flowcheck.flows.logs.form import Format

FORMAT = Format(
    "azure",
    "Azure flow log",
    recognise,
    read,
    silent=(
        "what a CNI decided",
        "pods whose traffic leaves under the address of their node, as with overlay networks",
        "traffic between pods of one node",
        "types and codes of ICMP",
    ),
)
