"""What of a pod, or of the template of one, may tell of a mesh: its containers, its annotations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from flowcheck.manifests.documents import Document

LAST_PORT = 65535
EVERY_PORT = frozenset(range(LAST_PORT + 1))


class Told(NamedTuple):
    """``containers`` are init containers, too."""

    document: Document
    containers: tuple[dict[Any, Any], ...]
    annotations: Mapping[str, str]


def told_at(document: Document, path: tuple[str, ...]) -> Told | None:
    """Of the pod, or of what stands at a path of keys; None: on the host network, where no proxy is."""
    tree = document.tree()
    for key in path:
        tree = _mapping(tree.get(key))
    spec = _mapping(tree.get("spec"))
    if spec.get("hostNetwork") is True:
        return None
    given = _mapping(_mapping(tree.get("metadata")).get("annotations"))
    annotations = {key: value for key, value in given.items() if isinstance(value, str)}
    return Told(document, tuple(_containers(spec)), annotations)


def _mapping(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _containers(spec: dict[Any, Any]) -> Iterator[dict[Any, Any]]:
    for name in ("containers", "initContainers"):
        found = spec.get(name)
        yield from (one for one in (found if isinstance(found, list) else ()) if isinstance(one, dict))


def words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def is_port(word: str) -> bool:
    return word.isascii() and word.isdecimal() and int(word) <= LAST_PORT


def port_text(ports: Iterable[int]) -> str:
    return ",".join(map(str, sorted(ports)))
