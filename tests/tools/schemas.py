"""Writes docs/schemas/, the JSON Schema of every JSON that flowcheck writes, and docs/results.md, its tables:

    python -m tests.tools.schemas

Both are made of the records and Arrow schemas that outputs are written from.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from flowcheck.balance.tell.records import EndpointLoad, ServiceLoad
from flowcheck.balance.tell.result import LoadResult
from flowcheck.balance.tell.tables import LOAD_SCHEMA, SERVICES_SCHEMA
from flowcheck.explaining.records import Explanation
from flowcheck.flows.logs.converted import Conversion
from flowcheck.history.notes import Note
from flowcheck.live.watching.lines import Line
from flowcheck.results.records.diff import Change, DiffSummary
from flowcheck.results.records.findings import Finding
from flowcheck.results.records.ledger import Ledger
from flowcheck.results.records.manifest import Manifest
from flowcheck.results.records.rules import RulesRecord
from flowcheck.results.records.summary import Summary
from flowcheck.results.records.tables import EDGES_SCHEMA, HITS_SCHEMA, VIOLATIONS_SCHEMA
from flowcheck.results.records.verification import Verification
from flowcheck.runners.verifying.documents import FindingsFile
from flowcheck.suggesting.records import Suggestion
from tests.tools.report_records import REPORTS

ROOT = Path(__file__).parent.parent.parent
FOLDER, PAGE = ROOT / "docs" / "schemas", ROOT / "docs" / "results.md"
DRAFT = "https://json-schema.org/draft/2020-12/schema"


class AuditReport(msgspec.Struct):
    """What ``audit -f json`` writes: the records of summary.json and findings.json."""

    schema: int
    summary: Summary
    findings: tuple[Finding, ...]


class DiffReport(DiffSummary):
    """What ``diff -o`` and ``diff -f json`` write: the comparison in numbers, and its changes."""

    changes: tuple[Change, ...] = ()


def _with_schema(name: str, record: type, said: str) -> type:
    """A record's fields beside the number of its schema, as reports write it; dataclasses are records too."""
    hints = inspect.get_annotations(record, eval_str=True)
    made = msgspec.defstruct(name, [("schema", int), *hints.items()], kw_only=True)
    made.__doc__ = said
    return made


class ConvertedFile(msgspec.Struct):
    """What ``convert --ledger`` writes of one file; where it was converted, what became of its records."""

    file: str
    status: str
    detail: str


def _converted() -> type:
    """With the fields of a conversion, each absent where there was none."""
    hints = inspect.get_annotations(Conversion, eval_str=True)
    fields = [(name, type_ | msgspec.UnsetType, msgspec.UNSET) for name, type_ in hints.items()]
    made = msgspec.defstruct("ConvertedFile", fields, bases=(ConvertedFile,))
    made.__doc__ = ConvertedFile.__doc__
    return made


DOCUMENTS: dict[str, tuple[str, Any]] = {
    "findings": ("`findings.json`", FindingsFile),
    "summary": ("`summary.json`", Summary),
    "ledger": ("`ledger.json`", Ledger),
    "manifest": ("`manifest.json`", Manifest),
    "audit": ("`audit -f json`", AuditReport),
    "finding": ("a line of `audit -f jsonl`", Finding),
    "load": (
        "`load -f json`",
        _with_schema("LoadReport", LoadResult, "What ``load -f json`` writes."),
    ),
    "explanation": ("`explain -f json`", Explanation),
    "verification": (
        "`verify -f json`",
        _with_schema("VerificationReport", Verification, "What ``verify -f json`` writes."),
    ),
    "diff": ("`diff.json` and `diff -f json`", DiffReport),
    "rules": ("`rules -f json`", RulesRecord),
    "suggestion": ("`suggestion.json`, `suggest -f json`", Suggestion),
    "snapshot_note": ("the first item of `snapshot -o`, and notes of `snapshot --watch`", Note),
    "watch_line": ("a line of `snapshot --watch`", Line),
    "converted": ("`convert --ledger FILE`", list[_converted()]),
    **REPORTS,
}
"""File name -> what it is the schema of, and the record."""


class Columns(NamedTuple):
    """A table's columns, what each means where more is to be said than its name, and what all of them are."""

    schema: pa.Schema
    meanings: dict[str, str]
    about: str


_SEEN = {
    "flow_count": "connections",
    "records": "rows of the log",
    "bytes": "bytes that went either way, as far as the log has them",
    "first_seen": "the earliest start",
    "last_seen": "the latest start",
    "protocol": "IANA number",
}
TABLES = {
    "violations.parquet": Columns(
        VIOLATIONS_SCHEMA,
        {
            "source_file": "the file of the row",
            "row": "its position in that file, from 0",
            "src": "`ns/kind/name`, or the address",
            "dst": "the same of the other end",
            "kind": "`forwarded_denied` or `dropped_allowed`",
            "direction": "whose policies say so: `ingress`, `egress`, `both`, `mesh`, or several",
            "verdict": "what the policies say",
            "observed": "what the log says",
            "policies": "what decided: `kind/ns/name[rule]`, or `default-deny by kind/ns/name`",
            "initiator_basis": "how it was found which end opened the connection",
        },
        "Every violating row of the log, in the order of the input. Columns without a meaning here are the "
        "[canonical flow columns](../README.md#canonical-flow-columns) of these names. With `--keep-columns` "
        "other columns of the log follow, as text.",
    ),
    "edges.parquet": Columns(
        EDGES_SCHEMA,
        {
            "source": "`ns/kind/name` of the workload, `Node/name`, or an address block",
            "destination": "the same of the other end",
            "port": "the responder's; null without ports",
            "verdict": "`allow`, `deny`, `unknown` or `not_applicable`",
            "reason": "why it is unknown",
            "observed": "what the log says",
            **_SEEN,
            "egress_policy": "what decided at the source; null: no policy applied",
            "ingress_policy": "what decided at the destination",
            "mesh_policy": "what decided in the mesh",
        },
        "Who talked to whom, and what decided: a row for each that differs in more than counts and times.",
    ),
    "policy_hits.parquet": Columns(
        HITS_SCHEMA,
        {
            "policy": "`kind/ns/name`",
            "rule": "which of its rules",
            "tier": "the tier it is in",
            "direction": "`ingress` or `egress`",
            "action": "what the rule does",
            "file": "where it is written",
            "line": "the line there",
            "records": "rows that it decided; 0: none",
            "flow_count": "connections of these",
            "unknown_records": "rows with an unknown verdict that it perhaps decided",
        },
        "What each rule decided.",
    ),
    "services.parquet": Columns(
        SERVICES_SCHEMA, {}, f"One row for each Service port. {' '.join((ServiceLoad.__doc__ or '').split())}"
    ),
    "load.parquet": Columns(
        LOAD_SCHEMA,
        {"endpoint_state": "`state` of the endpoint"},
        "One row for each endpoint of each Service port, which the first five columns name. "
        f"{' '.join((EndpointLoad.__doc__ or '').split())}",
    ),
}


def schema_text(record: Any) -> str:
    """The JSON Schema of a record."""
    made = {"$schema": DRAFT, **msgspec.json.schema(record)}
    for part in made["$defs"].values():
        if "description" in part:
            part["description"] = inspect.cleandoc(part["description"])
    return json.dumps(made, indent=2, ensure_ascii=True) + "\n"


def page() -> str:
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# What flowcheck writes, field by field"
    yield ""
    yield "Made by `python -m tests.tools.schemas` of the records that the outputs are written from."
    yield ""
    yield "## JSON"
    yield ""
    yield "Each but a line of its own has the number of its `schema`. Within one number fields may be added;"
    yield "none is taken away, and none changes its meaning. So read what you know and pass over the rest."
    yield ""
    yield "| output | JSON Schema |"
    yield "|---|---|"
    for name, (what, _) in DOCUMENTS.items():
        yield f"| {what} | [{name}.schema.json](schemas/{name}.schema.json) |"
    for name, columns in TABLES.items():
        yield ""
        yield f"## {name}"
        yield ""
        yield columns.about.replace("``", "`")
        yield ""
        yield "| column | type | meaning |"
        yield "|---|---|---|"
        for field in columns.schema:
            yield f"| `{field.name}` | {field.type} | {columns.meanings.get(field.name, '')} |"
    yield ""


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, (_, record) in DOCUMENTS.items():
        (FOLDER / f"{name}.schema.json").write_text(schema_text(record), encoding="ascii")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
