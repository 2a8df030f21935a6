"""Addresses outside -> blocks: exactly those, or those that have the beginning of an address in common."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from flowcheck.suggesting.needs import Network


class Blocks:
    """``common``: by IP version, how many bits addresses must have in common at least to be one block; None:
    blocks hold no address that was not seen. ``taken``: addresses and ranges of the cluster, of which no
    block that is wider than what was seen may hold any."""

    def __init__(self, common: Mapping[int, int | None], taken: Iterable[Network]) -> None:
        self._common = common
        self._taken: dict[int, list[Network]] = {
            4: _collapsed([one for one in taken if isinstance(one, IPv4Network)]),
            6: _collapsed([one for one in taken if isinstance(one, IPv6Network)]),
        }

    def of(self, networks: Iterable[Network]) -> dict[Network, Network]:
        """Of each network, which are single addresses, the block that it is in."""
        found: dict[Network, Network] = {}
        given = sorted(set(networks), key=_place)
        for version in (4, 6):
            own = [one for one in given if one.version == version]
            blocks = sorted(self._blocks(own, self._common.get(version)), key=_place)
            starts = [int(block.network_address) for block in blocks]
            for one in own:
                found[one] = blocks[bisect_right(starts, int(one.network_address)) - 1]
        return found

    def _blocks(self, own: Sequence[Network], common: int | None) -> list[Network]:
        if common is None:
            return _collapsed(own)
        groups: dict[Network, list[Network]] = defaultdict(list)
        for one in own:
            groups[one.supernet(new_prefix=common)].append(one)
        blocks: list[Network] = []
        for group in groups.values():
            whole = _around(group)
            blocks += _collapsed(group) if self._holds_taken(whole) else [whole]
        return blocks

    def _holds_taken(self, block: Network) -> bool:
        taken = self._taken[block.version]
        place = bisect_right(taken, int(block.broadcast_address), key=lambda one: int(one.network_address))
        return place > 0 and int(taken[place - 1].broadcast_address) >= int(block.network_address)


def _around(group: Sequence[Network]) -> Network:
    """The smallest block around addresses in order: what they have in common in front."""
    first, last = int(group[0].network_address), int(group[-1].network_address)
    length = group[0].max_prefixlen - (first ^ last).bit_length()
    return ip_network((first, group[0].max_prefixlen)).supernet(new_prefix=length)


def _collapsed(networks: Sequence[Network]) -> list[Network]:
    """Of one version."""
    return list(collapse_addresses(networks))  # type: ignore[type-var]


def _place(network: Network) -> tuple[int, int, int]:
    return network.version, int(network.network_address), network.prefixlen
