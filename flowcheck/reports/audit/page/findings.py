"""Findings as the page shows them: those that the same rules decided together, with what to change, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flowcheck.reports.audit import finding_wording as wording
from flowcheck.reports.audit.explaining import Command, command
from flowcheck.reports.audit.known import mark
from flowcheck.reports.audit.page.proposals import Proposal, n_proposed, proposals
from flowcheck.reports.parts.units import span
from flowcheck.results.audit import AuditResult
from flowcheck.results.finding.changes import DEFAULT_DENY
from flowcheck.results.records.findings import IGNORED, Example, Finding

MESH, NETWORK = "mesh", "network"
TIERS = {"ADMIN": "Admin", "NETWORK_POLICY": "NetworkPolicy", "BASELINE": "Baseline"}
_TOLD = {
    "src_principal": "identity",
    "http_method": "method",
    "http_path": "path",
    "http_host": "host",
    "tls_server_name": "SNI",
}
"""What a mesh's proxy tells of an example, and how to call it."""


class Decider(NamedTuple):
    """A policy with its rule, where it is written (empty: nowhere), and the layer or tier it is asked in."""

    text: str
    place: str
    layer: str


class Row(NamedTuple):
    """A finding among those of the same rules. ``mark``: why it is not new; ``state``: known or ignored."""

    records: int
    source: str
    destination: str
    port: str
    seen: str
    example: str
    fingerprint: str
    mark: str
    state: str


class Rule(NamedTuple):
    """What the same policies decided in the same way. ``command`` explains the ``first`` of its findings, and
    ``proposals`` would let it through."""

    group: int
    direction: str
    deciders: tuple[Decider, ...]
    change: str
    to_change: str
    command: Command
    note: str
    records: int
    rows: list[Row]
    first: Finding
    proposals: Sequence[Proposal] = ()

    @property
    def lead(self) -> str:
        """The policy to name where there is room for one: the first that is to be changed, if any is."""
        names = [one.text or one.place for one in self.deciders]
        return next((name for name in names if self.to_change and self.to_change in name), names[0])

    @property
    def layers(self) -> str:
        return ",".join(dict.fromkeys(one.layer for one in self.deciders))


def rules(result: AuditResult) -> list[Rule]:
    """Group by group, of a group those with the most records first."""
    layers = _layers(result)
    together: dict[tuple[object, ...], list[Finding]] = {}
    for finding in result.findings:
        key = (
            finding.group,
            finding.direction,
            finding.policies,
            finding.policy_sources,
            finding.change,
            finding.to_add,
            finding.note,
        )
        together.setdefault(key, []).append(finding)
    made = [_rule(found, layers, result) for found in together.values()]
    made.sort(key=lambda rule: (rule.group, -rule.records))
    n = n_proposed(result.again)
    proposed = [rule._replace(proposals=proposals(rule.first, result.again)) for rule in made[:n]]
    return [*proposed, *made[n:]]


def _rule(found: list[Finding], layers: dict[str, str], result: AuditResult) -> Rule:
    first = found[0]
    return Rule(
        first.group,
        first.direction,
        tuple(_deciders(first, layers)),
        wording.change(first, "the source", "the destination"),
        first.change[0] if first.change else "",
        command(first, result.again),
        first.note,
        sum(finding.records for finding in found),
        [_row(finding) for finding in found],
        first,
    )


def _deciders(finding: Finding, layers: dict[str, str]) -> Iterator[Decider]:
    for policy, place in wording.policies_and_places(finding):
        layer = layers.get(policy) or (MESH if finding.direction == MESH else NETWORK)
        yield Decider(wording.decider(finding, policy) if policy else "", place, layer)


def _layers(result: AuditResult) -> dict[str, str]:
    """Where each rule and default deny is asked, as findings call them."""
    layers = {}
    for row in result.policy_hits.to_pylist():
        name = f"{row['policy']}[{row['rule']}]"
        if row["rule"] == "default-deny":
            name = f"{DEFAULT_DENY}{row['policy']}"
        tier = TIERS.get(row["tier"], row["tier"])
        layers[name] = MESH if row["direction"] == MESH else f"tier {tier}"
    return layers


def _row(finding: Finding) -> Row:
    return Row(
        finding.records,
        finding.source,
        finding.destination,
        wording.port(finding),
        span(finding.first_seen, finding.last_seen),
        _example(finding.example),
        finding.fingerprint,
        "".join(mark(finding)),
        "ignored" if finding.suppressed == IGNORED else "known" if finding.suppressed else "",
    )


def _example(example: Example) -> str:
    source = _end(example.src, example.src_ip, example.src_port)
    told = [
        f"{word} {value}" for name, word in _TOLD.items() if (value := getattr(example, name)) is not None
    ]
    ends = f"{source} \u2192 {_end(example.dst, example.dst_ip, None)}"
    return ", ".join([ends, *told, f"row {example.row} of {example.file}"])


def _end(name: str, address: str | None, port: int | None) -> str:
    at = "" if address is None or address == name else f" {address}"
    return f"{name}{at}" + (f" port {port}" if port is not None else "")
