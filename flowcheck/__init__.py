"""flowcheck: audit recorded network flows against Kubernetes NetworkPolicies.

The public names, fetched when first used, so that ``import flowcheck`` stays light:
everything else under this package may change without notice.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowcheck.api import audit, compile_program, explain
    from flowcheck.errors import (
        CompileError,
        FlowcheckError,
        FlowFormatError,
        ManifestError,
        OutputError,
        PolicyError,
        RunError,
    )
    from flowcheck.evaluate import evaluate
    from flowcheck.loading import load_cluster
    from flowcheck.model.options import Options

__version__ = "0.1.0"

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
    "evaluate",
    "explain",
    "load_cluster",
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
    "evaluate": "flowcheck.evaluate",
    "explain": "flowcheck.api",
    "load_cluster": "flowcheck.loading",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'flowcheck' has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


class _Package(ModuleType):
    def __setattr__(self, name: str, value: object) -> None:
        """Keep ``flowcheck.evaluate`` the function: importing the module of that name would replace it.

        Likewise ``flowcheck.explain``.
        """
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
