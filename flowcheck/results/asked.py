"""The answer to a question about a result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa


class Answer(NamedTuple):
    """``batches`` of rows of ``schema``, made as they are taken: taking them may **raise** SqlError."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
