"""A field of every kind of object that is something else than it should be: text for a list, a list for text.

Which fields, and what stands in their place, a seed decides; objects have few fields that are read, so that
of theirs all are taken whose type matters.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from tests.badinputs import good
from tests.badinputs.inputs import BadInput, as_text, manifests

SEED = 20261130
OF_EACH = 11
"""Fields of each kind."""

PLACES = tuple[str | int, ...]
_OTHERS: dict[type, tuple[Any, ...]] = {
    dict: ("text", 7, ["x"]),
    list: ("text", 7, {"a": 1}),
    str: (7, True, ["x"], {"a": 1}),
    int: (1.5, ["x"], {"a": 1}),
    bool: ("text", 3, ["x"]),
}
_ANY = {
    *("apiVersion", "kind", "metadata.name"),
    *("endpoints[0].targetRef.namespace", "spec.rules[0].matches[0]", "spec.selector"),
}
"""Said elsewhere, or not read."""
_NUMBERS = ("spec.order",)
"""Whole or not."""


def places(value: Any, at: PLACES = ()) -> Iterator[PLACES]:
    """Where something stands in a tree."""
    if at:
        yield at
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*at, key))


def value_at(tree: Any, at: PLACES) -> Any:
    for key in at:
        tree = tree[key]
    return tree


def with_value(tree: Any, at: PLACES, value: Any) -> Any:
    """The tree with another value in one place."""
    changed = deepcopy(tree)
    value_at(changed, at[:-1])[at[-1]] = value
    return changed


def path_of(at: PLACES) -> str:
    """``spec.ingress[0].ports``, as messages write it."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in at)
    return text.removeprefix(".")


def _fields(one: good.Object) -> list[PLACES]:
    """Those whose type matters: not what another page of the corpus is about, nor what is not read."""
    skipped = _ANY if one not in good.POLICIES else _ANY - {"spec.selector"}
    return [
        at
        for at in places(one)
        if not any(path_of(at).startswith(path) for path in skipped)
        and not (path_of(at) in _NUMBERS and isinstance(value_at(one, at), int))
    ]


def _rows() -> Iterator[tuple[str, str, str, str]]:
    dice = random.Random(SEED)
    for one in (*good.POLICIES, *good.OBJECTS):
        fields = _fields(one)
        for at in sorted(dice.sample(fields, min(OF_EACH, len(fields))), key=fields.index):
            other = dice.choice(_OTHERS[type(value_at(one, at))])
            file = dice.choice(("a.yaml", "a.json"))
            text = as_text(file, with_value(one, at, other))
            said = rf"^HERE/a\.\w+:\d+ {re.escape(path_of(at))}\S*: \S+( \S+)?: (must|wants|is|needs|a) "
            name = f"{good.title(one)}: {path_of(at)} is {other!r}"
            yield name, file, text, said


INPUTS: list[BadInput] = manifests(_rows())
