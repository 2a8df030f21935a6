"""What would let a finding's example through, as YAML: what ``flowcheck explain`` says of it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from flowcheck.errors import FlowcheckError
from flowcheck.explaining import explain
from flowcheck.reports.audit.explaining import question
from flowcheck.results.again import Again
from flowcheck.results.records.findings import Finding

MOST, MOST_OF_MANY, MANY_PODS = 12, 3, 1000
"""Of how many of the first rules it is said; and of a cluster of many pods, where for each a program of its
moment is compiled, which takes seconds."""


class Proposal(NamedTuple):
    """``text`` says where the lines of ``yaml`` belong."""

    text: str
    yaml: list[str]


def n_proposed(again: Again | None) -> int:
    """For how many findings to ask for them."""
    cluster = again.program.cluster if again is not None and again.program is not None else None
    if cluster is None:
        return 0
    return MOST if cluster.is_static or len(cluster.pods) <= MANY_PODS else MOST_OF_MANY


def proposals(finding: Finding, again: Again | None) -> list[Proposal]:
    """All of them are needed; none where more is than to add rules."""
    asked = question(finding, again) if again is not None else None
    if again is None or again.program is None or asked is None:
        return []
    told = asked.told.get
    try:
        said = explain(
            again.program,
            src=asked.src,
            dst=asked.dst,
            port=asked.port,
            protocol=asked.protocol,
            at=datetime.fromisoformat(asked.at) if asked.at else None,
            source_port=asked.source_port,
            principal=told("principal"),
            method=told("method"),
            path=told("path"),
            host=told("host"),
            sni=told("sni"),
            waypoint=asked.waypoint,
        )
    except (FlowcheckError, ValueError):  # an end that explain knows by no name
        return []
    if said.verdict != "deny" or said.change is None or not said.change.sufficient:
        return []
    return [Proposal(edit.text, edit.yaml.splitlines()) for edit in said.change.edits]
