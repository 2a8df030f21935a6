"""The reports, written out: how a result looks is decided in these modules and nowhere else.

A folder for each subject, in it a module for each medium with one function, ``render(result, stream,
**options)``, fetched when asked for. To add one, see CONTRIBUTING.md.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

FORMATS = {
    "audit": {
        "terminal": "flowcheck.reports.audit.terminal",
        "json": "flowcheck.reports.audit.json",
        "jsonl": "flowcheck.reports.audit.jsonl",
        "csv": "flowcheck.reports.audit.csv",
        "md": "flowcheck.reports.audit.markdown",
        "html": "flowcheck.reports.audit.page.html",
        "svg": "flowcheck.reports.audit.svg",
        "sarif": "flowcheck.reports.audit.gates.sarif",
        "junit": "flowcheck.reports.audit.gates.junit",
        "github": "flowcheck.reports.audit.gates.github",
        "gitlab": "flowcheck.reports.audit.gates.gitlab",
    },
    "balance": {
        "terminal": "flowcheck.reports.balance.terminal",
        "json": "flowcheck.reports.balance.json",
        "csv": "flowcheck.reports.balance.csv",
        "md": "flowcheck.reports.balance.markdown",
    },
    "explanation": {
        "terminal": "flowcheck.reports.explanation.terminal",
        "json": "flowcheck.reports.explanation.json",
    },
    "answer": {
        "terminal": "flowcheck.reports.answer.terminal",
        "json": "flowcheck.reports.answer.json",
        "jsonl": "flowcheck.reports.answer.jsonl",
        "csv": "flowcheck.reports.answer.csv",
    },
    "matrix": {
        "terminal": "flowcheck.reports.matrix.terminal",
        "json": "flowcheck.reports.matrix.json",
        "csv": "flowcheck.reports.matrix.csv",
        "dot": "flowcheck.reports.matrix.dot",
        "mermaid": "flowcheck.reports.matrix.mermaid",
        "svg": "flowcheck.reports.matrix.svg",
    },
    "isolation": {
        "terminal": "flowcheck.reports.isolation.terminal",
        "json": "flowcheck.reports.isolation.json",
        "csv": "flowcheck.reports.isolation.csv",
    },
    "difference": {
        "terminal": "flowcheck.reports.difference.terminal",
        "json": "flowcheck.reports.difference.json",
        "csv": "flowcheck.reports.difference.csv",
    },
    "diff": {
        "terminal": "flowcheck.reports.diff.terminal",
        "json": "flowcheck.reports.diff.json",
        "csv": "flowcheck.reports.diff.csv",
        "md": "flowcheck.reports.diff.markdown",
    },
    "rules": {
        "terminal": "flowcheck.reports.rules.terminal",
        "json": "flowcheck.reports.rules.json",
        "csv": "flowcheck.reports.rules.csv",
        "md": "flowcheck.reports.rules.markdown",
    },
    "suggestion": {
        "terminal": "flowcheck.reports.suggestion.terminal",
        "json": "flowcheck.reports.suggestion.json",
    },
    "verification": {
        "terminal": "flowcheck.reports.verification.terminal",
        "json": "flowcheck.reports.verification.json",
    },
}
"""Subject -> format, as ``--format`` names it -> the module that writes it."""


def renderer(subject: str, name: str) -> Callable[..., None]:
    """The ``render`` function of a subject's format."""
    render: Callable[..., None] = import_module(FORMATS[subject][name]).render
    return render
