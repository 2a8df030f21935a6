"""Mappings that come with the package, beside the code that uses them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from flowcheck.flows.formats.mapped.rules.mapping import Mapping
from flowcheck.flows.formats.mapped.rules.written import mapping_of


@cache
def shipped(name: str) -> Mapping:
    """The mapping of one of this folder's formats."""
    return mapping_of((files(__package__) / f"{name}.yaml").read_text(encoding="utf-8"))
