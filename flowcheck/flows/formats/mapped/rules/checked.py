"""Parts of a mapping's tree, held against what they may be; what is wrong is collected, with its line."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from flowcheck.errors import Problem
from flowcheck.manifests.text.trees import Mapping as Tree
from flowcheck.manifests.text.yaml_scalars import Ambiguous


def word(value: Any) -> str | None:
    """A scalar as the log has it."""
    if isinstance(value, Ambiguous):
        return value.text
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def shown(value: Any) -> str:
    return repr(word(value))[:60]


class Checked:
    """Each method returns what may be used further on, whatever it found."""

    def __init__(self) -> None:
        self._problems: list[tuple[int, Problem]] = []

    def known(self, tree: Tree, keys: tuple[str, ...], where: str) -> None:
        for key in tree:
            if key not in keys:
                near = get_close_matches(str(key), keys, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(keys)}"
                self.wrong(tree, key, f"{where}: there is no key {shown(key)}", hint)

    def one_of(self, tree: Tree, key: str, words: tuple[str, ...], default: str, name: str = "") -> str:
        value = tree.get(key, default)
        if value != default and value not in words:
            said = f"{name}{'.' if name else ''}{key}: {shown(value)} is none of {', '.join(words)}"
            self.wrong(tree, key, said, "write one of them")
            return default
        return str(value)

    def words(self, tree: Tree, key: str, default: tuple[str, ...]) -> frozenset[str]:
        if key not in tree:
            return frozenset(default)
        return frozenset(word(one) or "" for one in self.listed(tree, key))

    def listed(self, tree: Tree, key: str) -> list[Any]:
        value = tree.get(key, [])
        found = value if isinstance(value, list) else [value]
        if any(isinstance(one, dict | list) for one in found):
            self.wrong(tree, key, f"{key}: is no word, nor a list of words", "write the words themselves")
            return []
        return found

    def text(self, tree: Tree, key: str) -> str:
        value = tree.get(key, "")
        if not isinstance(value, str):
            self.wrong(tree, key, f"{key}: {shown(value)} is no text", "put it in quotes")
            return ""
        return value

    def wrong(self, tree: Tree, key: Any, message: str, hint: str) -> None:
        line = tree.lines.get(key, tree.line)
        self._problems.append((line, Problem(message, f"mapping, line {line}", hint)))

    def in_order(self) -> list[Problem]:
        """By their lines."""
        return [problem for _, problem in sorted(self._problems, key=lambda one: one[0])]
