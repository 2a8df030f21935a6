"""A log is read a piece at a time: four times as many records take no more room."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.runners.telling import AWS_HEADER, DESTINATION, SECOND, SOURCE, TELL, Connection
from tests.runners.worlds import DB, NOON, WEB

RECORDS, MOST_GROWN = 20_000, 16 << 10
"""KiB: a third of what the rows of 60,000 records would take as Python objects."""
CHILD = """
import os, resource, sys
from flowcheck.flows.formats import all_formats
from flowcheck.flows.logs import converted
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.recognised import named
from flowcheck.flows.logs.text import source as text
from flowcheck.flows.logs.text.head import head_of

converted.GROUP_ROWS, text.BLOCKS = 1 << 12, 1 << 19
for path in sys.argv[2:]:
    with text.Source(path) as source, open(os.devnull, "wb") as out:
        format_ = named(sys.argv[1], head_of(source), all_formats())
        done = converted.convert(source, format_, Asked(), out, lambda rows: None)
    print(done.records, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
"""Of each file its records, and the most that the process has taken until then. Pieces are small, so that
those of the smaller file do already come and go."""


def lines(name: str) -> Iterator[str]:
    """Ten connections a second, whose ports come again after a while."""
    dice, n = random.Random(1), 0
    while True:
        at, parts = NOON + n * SECOND // 10, ((100 + n % 700, 50),)
        c = Connection(WEB, DB, 40_000 + n % 2_000, 5432, at, parts, (SOURCE, DESTINATION))
        yield from (f"{text}\n" for _, text in TELL[name](c, dice))
        n += 1


@pytest.mark.parametrize("name", ["hubble", "aws", "ocsf", "calico"])
def test_four_times_the_records_take_no_more_room(tmp_path: Path, name: str) -> None:
    files = [tmp_path / "one.log", tmp_path / "four.log"]
    for file, times in zip(files, (1, 4), strict=True):
        with open(file, "w") as out:
            out.write(f"{AWS_HEADER}\n" if name == "aws" else "")
            out.writelines(islice(lines(name), times * RECORDS))
    child = [sys.executable, "-c", CHILD, name, *map(str, files)]
    done = subprocess.run(child, capture_output=True, text=True, check=True)
    (one, before), (four, after) = (map(int, line.split()) for line in done.stdout.splitlines())
    assert (one, four) == (RECORDS, 4 * RECORDS)
    assert after - before < MOST_GROWN
