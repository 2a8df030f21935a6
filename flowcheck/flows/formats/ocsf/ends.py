"""The ends of events: addresses, pods, and the network interfaces that saw them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from flowcheck.arrays import Int32, UInt64
from flowcheck.flows.formats.ocsf.table import Mask, Table, Texts
from flowcheck.flows.logs.columns.batches import addresses


class Pair(NamedTuple):
    """What is told of both ends. codes (rows,) int32: places among the values, -1 for none."""

    src: Int32
    dst: Int32
    values: pa.StringArray

    def turned(self, swap: Mask) -> tuple[pa.Array, pa.Array]:
        """The columns of source and destination, exchanged where ``swap``."""
        one, other = np.where(swap, self.dst, self.src), np.where(swap, self.src, self.dst)
        return self.column(one), self.column(other)

    def column(self, codes: Int32) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), self.values)


class Ends(NamedTuple):
    """src_keys, dst_keys (rows,) uint64: equal where addresses are. interfaces: which events name one at the
    source, and at the destination."""

    src_keys: UInt64
    dst_keys: UInt64
    ips: Pair
    uids: Pair
    seen_by: Pair

    @property
    def interfaces(self) -> tuple[Mask, Mask]:
        return self.seen_by.src >= 0, self.seen_by.dst >= 0

    def columns(self, swap: Mask, point: np.ndarray) -> dict[str, pa.Array]:
        """The canonical columns of ends, exchanged where ``swap``. ``point``: who saw it, after that."""
        src_ip, dst_ip = self.ips.turned(swap)
        src_uid, dst_uid = self.uids.turned(swap)
        far = swap ^ (point == 2)
        one = np.where(far, self.seen_by.dst, self.seen_by.src)
        other = np.where(far, self.seen_by.src, self.seen_by.dst)
        observer = self.seen_by.column(np.where(one >= 0, one, other))
        found = {"src_ip": src_ip, "dst_ip": dst_ip, "observer": observer}
        return found | {"src_pod_uid": src_uid, "dst_pod_uid": dst_uid}


def ends_of(table: Table, bad: dict[str, Mask]) -> Ends:
    """The ends of some events; ``bad`` is told of texts that are no address."""
    found = []
    for end in ("src", "dst"):
        texts = table.texts(f"{end}_endpoint.ip")
        values = addresses(texts.values)
        none = ~values.is_valid().to_numpy(zero_copy_only=False)
        if none.any():
            wrong = (texts.codes >= 0) & none[texts.codes]
            if wrong.any():
                bad[f"bad_{end}_ip"] = wrong
            texts = Texts(np.where(wrong, -1, texts.codes).astype(np.int32), values)
        found.append(Texts(texts.codes, values))
    ips = _paired(*found)
    keys = np.array([*map(hash, ips.values.to_pylist()), 0], dtype=np.int64).view(np.uint64)
    uids = _paired(*(table.texts(f"{end}_endpoint.container.pod_uuid") for end in ("src", "dst")))
    seen_by = _paired(*(table.texts(f"{end}_endpoint.interface_uid") for end in ("src", "dst")))
    return Ends(keys[ips.src], keys[ips.dst], ips, uids, seen_by)


def _paired(src: Texts, dst: Texts) -> Pair:
    values = pa.concat_arrays([src.values, dst.values])
    codes = np.where(dst.codes >= 0, dst.codes + len(src.values), -1).astype(np.int32)
    return Pair(src.codes, codes, values)
