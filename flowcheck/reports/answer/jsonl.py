"""An answer as JSON Lines: one object for each row."""

from __future__ import annotations

from typing import TextIO

from flowcheck.reports.answer.values import plain_rows
from flowcheck.results.asked import Answer
from flowcheck.writing import json_text


def render(answer: Answer, stream: TextIO) -> None:
    for row in plain_rows(answer):
        stream.write(json_text(dict(zip(answer.schema.names, row, strict=True))) + "\n")
