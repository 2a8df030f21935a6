"""Addresses of flow columns as canonical text, whatever form they were recorded in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.types as pt


def address_texts(column: pa.Array) -> pa.StringArray:
    """Integers are IPv4, 16 bytes IPv6 or mapped IPv4; text stays, but for IPv6, which has many forms.

    Every distinct address is written once. All of them must be addresses, empty or null.
    """
    if pt.is_null(column.type):
        column = column.cast(pa.string())
    if not pt.is_dictionary(column.type):
        column = column.dictionary_encode()
    missing = column.is_null().to_numpy(zero_copy_only=False)
    codes = column.indices.fill_null(0).to_numpy(zero_copy_only=False)
    used, places = np.unique(codes[~missing], return_inverse=True)
    texts = pa.array(_texts(column.dictionary.take(pa.array(used))), pa.string())
    indices = np.zeros(len(column), dtype=np.int64)
    indices[~missing] = places
    return texts.take(pa.array(indices, mask=missing))


def _texts(values: pa.Array) -> Iterator[str | None]:
    for value in values.to_pylist():
        if isinstance(value, int):
            yield str(ipaddress.IPv4Address(value))
        elif isinstance(value, bytes):
            yield _canonical(ipaddress.IPv6Address(value))
        elif value is not None and ":" in value:
            yield _canonical(ipaddress.IPv6Address(value.split("%")[0]))
        else:
            yield value


def _canonical(address: ipaddress.IPv6Address) -> str:
    return str(address.ipv4_mapped or address)
