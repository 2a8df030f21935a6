"""A result as far as it can be read."""

from __future__ import annotations

from typing import TypeVar

from flowcheck.flows.files.finding import MANIFEST
from flowcheck.results.records import SCHEMA
from flowcheck.results.records.ledger import Ledger
from flowcheck.results.records.manifest import Manifest
from flowcheck.results.records.summary import Summary
from flowcheck.runners.verifying.differences import Differences
from flowcheck.runners.verifying.documents import FindingsFile, read_document
from flowcheck.runners.verifying.folder import OpenedResult
from flowcheck.runners.verifying.tables.reading import read_tables
from flowcheck.runners.verifying.tables.said import (
    Edges,
    Hits,
    Load,
    Misshapen,
    Said,
    Services,
    Unreadable,
    Violating,
)
from flowcheck.runners.verifying.tables.shapes import SHAPES

SUMMARY, LEDGER, FINDINGS = "summary.json", "ledger.json", "findings.json"
T = TypeVar("T", Edges, Hits, Violating, Services, Load)


class ReadResult:
    """The files of a result; what could not be read is None, and a difference.

    **Raises**: RunError where no process can be started to read with.
    """

    def __init__(self, opened: OpenedResult, differences: Differences) -> None:
        files = opened.files
        self.manifest = read_document(MANIFEST, files.get(MANIFEST), Manifest, differences)
        self.summary = read_document(SUMMARY, files.get(SUMMARY), Summary, differences)
        self.ledger = read_document(LEDGER, files.get(LEDGER), Ledger, differences)
        found = read_document(FINDINGS, files.get(FINDINGS), FindingsFile, differences)
        self.findings = None if found is None else found.findings
        written = {MANIFEST: self.manifest, SUMMARY: self.summary, LEDGER: self.ledger, FINDINGS: found}
        version = next((one.version for one in written.values() if one is not None), "")
        for name, document in written.items():
            if document is not None:
                differences.expect(name, "schema", SCHEMA, document.schema)
                differences.expect(name, "version (as in the others)", version, document.version)
        said = read_tables({name: files[name] for name in SHAPES if name in files})
        for name, one in said.items():
            _tell(name, one, differences)
        self.edges = _of_type(said.get("edges.parquet"), Edges)
        self.hits = _of_type(said.get("policy_hits.parquet"), Hits)
        self.rows = _of_type(said.get("violations.parquet"), Violating)
        self.services = _of_type(said.get("services.parquet"), Services)
        self.load = _of_type(said.get("load.parquet"), Load)


def _of_type(said: Said | None, type_: type[T]) -> T | None:
    return said if isinstance(said, type_) else None


def _tell(name: str, said: Said, differences: Differences) -> None:
    match said:
        case Unreadable(why):
            differences.add(name, "content", "a table that can be read", why)
        case Misshapen(columns):
            for column in columns:
                differences.add(name, f"column {column.name}", column.expected, column.found)
