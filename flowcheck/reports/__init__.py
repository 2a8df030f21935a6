"""The reports, written out: how a result looks is decided in these modules and nowhere else.

Each is one module with one function, ``render(result, stream, **options)``, fetched when asked for.
To add one, see CONTRIBUTING.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

FORMATS = {
    "terminal": "flowcheck.reports.terminal",
    "json": "flowcheck.reports.json",
    "jsonl": "flowcheck.reports.jsonl",
    "csv": "flowcheck.reports.csv",
    "md": "flowcheck.reports.markdown",
}


LOAD_FORMATS = {
    "terminal": "flowcheck.reports.load_terminal",
    "json": "flowcheck.reports.load_json",
    "csv": "flowcheck.reports.load_csv",
    "md": "flowcheck.reports.load_markdown",
}
"""Those of ``flowcheck load``."""


def renderer(name: str, formats: Mapping[str, str] = FORMATS) -> Callable[..., None]:
    """The ``render`` function of the format called ``name``."""
    render: Callable[..., None] = import_module(formats[name]).render
    return render
