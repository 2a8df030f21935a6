"""An answer as one JSON object: its columns with their types, and its rows as objects."""

from __future__ import annotations

from typing import TextIO

from flowcheck.reports.answer.values import plain_rows
from flowcheck.results.asked import Answer
from flowcheck.results.records import SCHEMA
from flowcheck.writing import json_text


def render(answer: Answer, stream: TextIO) -> None:
    columns = [{"name": field.name, "type": str(field.type)} for field in answer.schema]
    names = answer.schema.names
    rows = [dict(zip(names, row, strict=True)) for row in plain_rows(answer)]
    stream.write(json_text({"schema": SCHEMA, "columns": columns, "rows": rows}, indent=2) + "\n")
