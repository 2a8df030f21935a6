"""The files of a comparison's output folder."""

from __future__ import annotations

from functools import partial

from flowcheck.results.diff.result import DiffResult
from flowcheck.runners.folder import ResultFolder, write_json


def stage_diff(folder: ResultFolder, result: DiffResult) -> None:
    """``diff.json`` has all that the report tells; ``ledger.json`` every file and row, as an audit's."""
    folder.stage("diff.json", partial(write_json, result.document()))
    folder.stage("ledger.json", partial(write_json, result.ledger))
