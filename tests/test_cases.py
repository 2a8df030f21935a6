"""Every case under ``cases/``, through the reference and through the compiled path.

A case is a folder: ``cluster.yaml`` (all objects, policies too), ``expected.csv`` (``src,dst,protocol,
port,egress,ingress,verdict,reason``) and ``README.md`` (title, where the expectation comes from, a line
``tags: ...``, at times a line ``options: name=value``). An end is an address, ``ns/pod`` (at times beside an
address: ``ns/pod@address``), or ``ns/Kind/name`` (``ns//name``) for a workload; an empty port is one that was
not recorded. Expectations are written by hand.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from flowcheck.model.options import Options
from flowcheck.reference import Tuple5
from tests.tools.conformance import PATHS, PROTOCOLS, judge

CASES = Path(__file__).parent / "cases"
FOLDERS = sorted(file.parent for file in CASES.glob("*/*/expected.csv"))
COLUMNS = ["src", "dst", "protocol", "port", "egress", "ingress", "verdict", "reason"]
LAST_PARTS = {2: "pod", 3: "workload"}


def named_line(folder: Path, name: str) -> str:
    found = re.search(rf"^{name}: (.+)$", (folder / "README.md").read_text(), re.MULTILINE)
    return found.group(1).strip() if found else ""


def read_options(folder: Path) -> Options:
    given: dict[str, Any] = dict(item.split("=") for item in named_line(folder, "options").split())
    return Options(**given)


def read_flow(row: dict[str, str]) -> Tuple5:
    ends: dict[str, str | None] = {"src": None, "dst": None}
    names: dict[str, str] = {}
    for end in ends:
        name, _, address = row[end].partition("@")
        parts = name.split("/")
        if len(parts) == 1:
            ends[end] = row[end]
        else:
            ends[end] = address or None
            what = LAST_PARTS[len(parts)]
            named = parts[-1] if what == "pod" else "/".join(filter(None, parts[1:]))
            names |= {f"{end}_namespace": parts[0], f"{end}_{what}": named}
    protocol = PROTOCOLS[row["protocol"]]
    port = int(row["port"]) if row["port"] else None
    return Tuple5(ends["src"], ends["dst"], protocol, port, **names)  # type: ignore[arg-type]


def read_rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "expected.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def case_name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("folder", FOLDERS, ids=case_name)
def test_verdicts_of_the_case_are_the_expected_ones(folder: Path, path: str) -> None:
    from flowcheck.reading import load_cluster

    rows = read_rows(folder)
    cluster = load_cluster([str(folder / "cluster.yaml")])
    answers = judge(path, cluster, [read_flow(row) for row in rows], read_options(folder))
    said = [
        {**row, "egress": a.egress, "ingress": a.ingress, "verdict": a.verdict, "reason": a.reason}
        for row, a in zip(rows, answers, strict=True)
    ]
    assert said == rows


@pytest.mark.parametrize("folder", FOLDERS, ids=case_name)
def test_a_case_says_what_it_is_about(folder: Path) -> None:
    rows = read_rows(folder)
    assert rows
    assert list(rows[0]) == COLUMNS
    assert (folder / "README.md").read_text().startswith("# ")
    assert named_line(folder, "tags")


def test_the_corners_are_covered() -> None:
    assert len([folder for folder in FOLDERS if folder.parent.name == "kubernetes"]) >= 60
    assert len([folder for folder in FOLDERS if folder.parent.name == "admin"]) >= 30
