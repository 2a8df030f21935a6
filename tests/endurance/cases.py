"""What is small and may ask much, with the command that meets it, and the most memory that it may take."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.endurance import inputs

MOST = 1 << 30


class Case(NamedTuple):
    """``make``: as in :mod:`tests.endurance.inputs`. ``code``: how the audit ends. ``together``: whether all
    processes may hold MOST together, or each of them."""

    name: str
    make: Callable[[Path], None]
    options: tuple[str, ...] = ()
    code: int = 1
    together: bool = True
    says: str = ""


CASES = (
    Case("a scan of 20 pods' ports: 1,310,700 violating edges", inputs.port_scan),
    Case("300 x 300 pods without owners", partial(inputs.pairs_of_pods, n_ports=1)),
    Case(
        "the same at 17 ports: 1,530,000 edges",
        partial(inputs.pairs_of_pods, n_ports=17),
        together=False,
    ),
    Case("10,000 files of one row", partial(inputs.tiny_files, n_files=10_000)),
    Case("100 MB of YAML, 19,221 pods", partial(inputs.much_yaml, size=100_000_000)),
    Case("100,000 policies", partial(inputs.many_policies, n_policies=100_000)),
    Case(
        "1,000 pods x 1,000 policies, each of all pods but one, and 8 MiB for the table",
        partial(inputs.all_but_one, n=1_000),
        ("--max-table", "8MiB"),
        code=2,
        says="need a decision table of more than 8 MiB",
    ),
)
