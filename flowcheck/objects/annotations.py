"""The few annotations by which network plugins tell of addresses that no field of an object holds.

Whatever cannot be read is left out with a warning: the API server takes any text there.

Source: k8snetworkplumbingwg multi-net-spec, Network Status Annotation.
"""

from __future__ import annotations

from typing import Any

import msgspec

from flowcheck.manifests.blocks import plain_address
from flowcheck.manifests.documents import Document

NETWORK_STATUS = "k8s.v1.cni.cncf.io/network-status"


class _Interface(msgspec.Struct):
    ips: list[str] | None = None
    default: bool = False


def annotations_of(document: Document, word: str) -> dict[Any, Any]:
    """All annotations of an object where one may have this word in its name; none without a look else."""
    metadata = document.tree().get("metadata") if document.mentions(word) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return annotations if isinstance(annotations, dict) else {}


def read_networks(document: Document) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The addresses that Multus tells of a pod: (on the cluster's network, on any other)."""
    text = annotations_of(document, "network-status").get(NETWORK_STATUS)
    if not text:
        return (), ()
    try:
        interfaces = msgspec.json.decode(text, type=list[_Interface])
    except (msgspec.DecodeError, TypeError, RecursionError):
        document.warn(f"its annotation {NETWORK_STATUS} cannot be read, so its other addresses are not known")
        return (), ()
    found: dict[bool, dict[str, None]] = {True: {}, False: {}}
    for interface in interfaces:
        for ip in interface.ips or ():
            if (address := device_address(document, ip, NETWORK_STATUS)) is not None:
                found[interface.default][address] = None
    return tuple(found[True]), tuple(found[False])


def device_address(document: Document, text: Any, name: str) -> str | None:
    """One address as plugins write it, which may be with the length of its network's prefix."""
    try:
        return plain_address(document, text.partition("/")[0])
    except (ValueError, AttributeError):
        document.warn(f"its annotation {name} holds {str(text)[:63]!r}, which is no address")
        return None
