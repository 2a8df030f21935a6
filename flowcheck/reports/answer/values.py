"""Values of any column of a table as JSON's own, and as text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from flowcheck.results.asked import Answer


def plain_rows(answer: Answer) -> Iterator[tuple[Any, ...]]:
    """Rows of None, truth values, numbers, texts, and lists and dicts of them."""
    for batch in answer.batches:
        columns = [map(_plain, column.to_pylist()) for column in batch.columns]
        yield from zip(*columns, strict=True)


def shown(value: object) -> str:
    """A plain value as text: nothing where there is none, texts as they are, the rest as JSON."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "; ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Integers stay what they are however large; what JSON has no word for becomes text; no number, None."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return int(value) if value == value.to_integral_value() else str(value)
        case datetime() if value.tzinfo is not None:
            return value.isoformat().replace("+00:00", "Z")
        case bytes():
            return value.hex()
        case dict():
            return {str(key): _plain(part) for key, part in value.items()}
        case list() | tuple() if not isinstance(value, pa.MonthDayNano):
            return [_plain(part) for part in value]
    return str(value)
