"""flowcheck: audit recorded network flows against Kubernetes NetworkPolicies.

The public names, fetched when first used, so that ``import flowcheck`` stays light:
everything else under this package may change without notice.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from flowcheck.version import __version__

if TYPE_CHECKING:
    from flowcheck.api import audit, compile_program, diff, explain, matrix, rules, suggest
    from flowcheck.errors import (
        CompileError,
        FlowcheckError,
        FlowFormatError,
        ManifestError,
        OutputError,
        PolicyError,
        RunError,
    )
    from flowcheck.judging.frame import evaluate
    from flowcheck.model.options import Options
    from flowcheck.reading import load_cluster

__all__ = [
    "CompileError",
    "FlowFormatError",
    "FlowcheckError",
    "ManifestError",
    "Options",
    "OutputError",
    "PolicyError",
    "RunError",
    "__version__",
    "audit",
    "compile_program",
    "diff",
    "evaluate",
    "explain",
    "load_cluster",
    "matrix",
    "rules",
    "suggest",
]

_HOMES = {
    "CompileError": "flowcheck.errors",
    "FlowFormatError": "flowcheck.errors",
    "FlowcheckError": "flowcheck.errors",
    "ManifestError": "flowcheck.errors",
    "Options": "flowcheck.model.options",
    "OutputError": "flowcheck.errors",
    "PolicyError": "flowcheck.errors",
    "RunError": "flowcheck.errors",
    "audit": "flowcheck.api",
    "compile_program": "flowcheck.api",
    "diff": "flowcheck.api",
    "evaluate": "flowcheck.judging.frame",
    "explain": "flowcheck.api",
    "load_cluster": "flowcheck.reading",
    "matrix": "flowcheck.api",
    "rules": "flowcheck.api",
    "suggest": "flowcheck.api",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'flowcheck' has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
