"""How the page becomes HTML: templates in which nothing from an input is markup, and rooms with a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from xml.etree import ElementTree as Tree

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from flowcheck.reports.audit.explaining import on_lines
from flowcheck.reports.parts.escape import escape
from flowcheck.reports.parts.units import span

WIDTH = 100
"""Of a command's lines."""
LONGEST = 400
"""Characters of one text; no name in Kubernetes comes near, but a path of a request may."""


def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("flowcheck.reports.audit.page", "templates"),
        autoescape=True,
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["n"] = lambda number: f"{number:,}"
    made.filters["lines"] = lambda command: on_lines(command, WIDTH)
    made.globals.update(span=span, newline=Markup("\n"))
    return made


def shown(value: object) -> object:
    """Text as eyes may have it: the environment keeps it from being markup."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    more = len(value) - LONGEST
    return f"{escape(value[:LONGEST])} (and {more:,} more characters)" if more > 0 else escape(value)


def macro(template: Template, name: str) -> Callable[..., Markup]:
    found: Callable[..., Markup] = getattr(template.module, name)
    return found


def drawn(picture: Tree.Element) -> Markup:
    """A picture, whose texts were escaped as they were put in."""
    return Markup(Tree.tostring(picture, encoding="unicode"))


def size_of(text: str) -> int:
    """Bytes of the page."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "backslashreplace"))


class Room:
    """How many bytes of the page a part may take."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self, texts: Iterable[Markup]) -> Iterator[Markup]:
        """As many of the texts, one after the other, as there is room for."""
        for text in texts:
            self._left -= size_of(text)
            if self._left < 0:
                return
            yield text
