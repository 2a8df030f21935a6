"""A misspelt field in every mapping of every policy, and a key that stands there twice.

A typing error there would empty a policy or open it, without a word. Of other objects unknown fields are
passed over, as only some of theirs are read.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from tests.badinputs import good
from tests.badinputs.inputs import BadInput, as_text, manifests
from tests.badinputs.wrong_types import PLACES, path_of, places, value_at

SEED = 65
_FREE = ("metadata", "matchLabels", "portLevelMtls")
"""Mappings whose keys are names, or of which only some are read."""


def _mappings(one: good.Object) -> list[PLACES]:
    """The mappings whose keys are fields."""
    return [
        at
        for at in places(one)
        if isinstance(value_at(one, at), dict) and value_at(one, at) and not set(at) & set(_FREE)
    ]


def _misspelt(word: str, dice: random.Random) -> str:
    """A letter left out, doubled, or of the other case."""
    at = dice.randrange(1, len(word))
    return dice.choice(
        (word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:], word[0].swapcase() + word[1:])
    )


def _renamed(tree: Any, at: PLACES, old: str, new: str) -> Any:
    changed = deepcopy(tree)
    mapping = value_at(changed, at)
    mapping[new] = mapping.pop(old)
    return changed


def _twice(tree: Any, at: PLACES, key: str) -> str:
    """JSON text in which a key of one mapping stands twice."""
    mark = "twice"
    changed = deepcopy(tree)
    mapping = value_at(changed, at)
    mapping[mark] = mapping[key]
    return json.dumps(changed, indent=1).replace(f'"{mark}":', f'"{key}":')


def _rows() -> Iterator[tuple[str, str, str, str]]:
    dice = random.Random(SEED)
    for one in good.POLICIES:
        for at in _mappings(one):
            key = dice.choice(sorted(value_at(one, at)))
            word = _misspelt(key, dice)
            place = rf"{re.escape(path_of(at))}(\.{re.escape(word)})?"
            said = rf"^HERE/a\.\w+:\d+ {place}: .*(is not a field here|needs )"
            file = dice.choice(("a.yaml", "a.json"))
            title = f"{good.title(one)}: {path_of(at)}"
            yield f"{title}.{key} written {word}", file, as_text(file, _renamed(one, at, key, word)), said
        at = dice.choice(_mappings(one))
        key = dice.choice(sorted(value_at(one, at)))
        title = f"{good.title(one)}: {path_of(at)}.{key} twice"
        yield title, "a.json", _twice(one, at, key), rf"^HERE/a\.json:\d+.*has the key `{key}` twice"


INPUTS: list[BadInput] = manifests(_rows())
