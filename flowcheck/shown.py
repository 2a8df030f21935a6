"""How a result shows itself to a person in Python: it asks here, and the reports answer.

The classes of results lie below the reports and know none of them. ``reports.notebook`` registers what
``print`` and a notebook show of each; until it is imported, they show their ``repr``.
"""

from __future__ import annotations

from functools import singledispatch


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
