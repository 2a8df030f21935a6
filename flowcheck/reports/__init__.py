"""The reports, written out: how a result looks is decided in these modules and nowhere else.

Each is one module with one function, ``render(result, stream, **options)``, fetched when asked for.
To add one, see CONTRIBUTING.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

FORMATS = {
    "terminal": "flowcheck.reports.audit.terminal",
    "json": "flowcheck.reports.audit.json",
    "jsonl": "flowcheck.reports.audit.jsonl",
    "csv": "flowcheck.reports.audit.csv",
    "md": "flowcheck.reports.audit.markdown",
}


LOAD_FORMATS = {
    "terminal": "flowcheck.reports.balance.terminal",
    "json": "flowcheck.reports.balance.json",
    "csv": "flowcheck.reports.balance.csv",
    "md": "flowcheck.reports.balance.markdown",
}
"""Those of ``flowcheck load``."""


def renderer(name: str, formats: Mapping[str, str] = FORMATS) -> Callable[..., None]:
    """The ``render`` function of the format called ``name``."""
    render: Callable[..., None] = import_module(formats[name]).render
    return render
