"""What the results of all commands have in common: they show themselves, are tables, or say why they are not.

The classes of results lie below the reports and know none of them: they ask here, and the reports answer.
``reports.notebook`` registers what ``print`` and a notebook show of each; until it is imported, they show
their ``repr``.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Literal

import msgspec
import pyarrow as pa


@singledispatch
def as_text(value: object) -> str:
    """What ``print`` shows."""
    return repr(value)


@singledispatch
def as_html(value: object) -> str | None:
    """What a notebook shows; None: the ``repr``.

    Source: https://ipython.readthedocs.io/en/stable/config/integrating.html (``_repr_html_``).
    """
    return None


class Shown:
    """A value that ``print`` and notebooks show as a report."""

    __slots__ = ()

    def __str__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str | None:
        return as_html(self)


class Tabular:
    """Something that is a table as well, for whoever goes on in Python."""

    __slots__ = ()

    def to_arrow(self) -> pa.Table:
        raise NotImplementedError

    def to_pandas(self, **options: Any) -> Any:
        """A pandas DataFrame; pandas must be installed. ``options`` are those of pyarrow.Table.to_pandas."""
        return self.to_arrow().to_pandas(**options)


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run has no answer: what was not done, a word and a sentence for it, and what would help."""

    done: Literal["judged", "counted"]
    reason: str
    why: str
    advice: str

    @property
    def headline(self) -> str:
        return f"nothing was {self.done}: {self.why}"

    def __str__(self) -> str:
        return f"{self.headline} ({self.advice})"
