"""The files of a comparison's output folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from flowcheck.errors import RunError
from flowcheck.flows.files.finding import DIFF, LEDGER, SUMMARY
from flowcheck.results.diff.result import DiffResult
from flowcheck.runners.folder import ResultFolder, write_json


def refuse_other_results(out: Path | None) -> None:
    """**Raises**: RunError for the folder of an audit's result, which would be left without its ledger."""
    if out is not None and (out / SUMMARY).exists():
        raise RunError(
            "the folder holds an audit's result", where=str(out), hint="choose another folder for -o"
        )


def stage_diff(folder: ResultFolder, result: DiffResult) -> None:
    """``diff.json`` has all that the report tells; ``ledger.json`` every file and row, as an audit's."""
    folder.stage(DIFF, partial(write_json, result.document()))
    folder.stage(LEDGER, partial(write_json, result.ledger))
