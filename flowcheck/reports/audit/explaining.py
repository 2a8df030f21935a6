"""The command that explains a finding, to be copied: by it ``flowcheck explain`` says what the audit said."""

from __future__ import annotations

import shlex

from flowcheck.reports.parts.escape import escape
from flowcheck.results.again import Again, Question
from flowcheck.results.records.findings import Finding

FORWARDED = "forwarded_denied"

_GOES_ON = " \\"
_EXPLAINED = ("TCP", "UDP", "SCTP")
_TOLD = {
    "principal": "src_principal",
    "method": "http_method",
    "path": "http_path",
    "host": "http_host",
    "sni": "tls_server_name",
}
"""What a record tells a mesh, as explain calls it, by the columns that it stands in."""


class Command(str):
    """A line for a shell; empty: there is none. Each medium shows it so that it can be copied."""

    __slots__ = ()


def question(finding: Finding, again: Again) -> Question | None:
    """What to ask about the finding's example; None where it cannot be asked."""
    example = finding.example
    if finding.kind != FORWARDED or finding.protocol not in _EXPLAINED or finding.port is None:
        return None
    port = example.service_port if example.by_waypoint else finding.port
    is_told = not example.by_waypoint or bool(example.http_method)
    if port is None or not is_told:  # without a request the Service's words count, which a pod has not
        return None
    if example.outer_port is not None and finding.direction != "mesh":
        return None  # network policies were asked at that port, the mesh at the one inside
    told = {name: getattr(example, column) for name, column in _TOLD.items() if again.asks_mesh}
    return Question(
        example.src,
        example.dst,
        port,
        finding.protocol,
        example.src_port if again.asks_source else None,
        example.start_time if again.at_its_time and example.start_time else "",
        {name: value for name, value in told.items() if value},
        bool(example.by_waypoint),
    )


def command(finding: Finding, again: Again | None) -> Command:
    """For the finding's example; empty where there is no such command, or it holds what cannot be shown."""
    asked = question(finding, again) if again is not None else None
    if again is None or asked is None:
        return Command()
    told = [["--from", asked.src, "--to", asked.dst, "--port", f"{asked.port}/{asked.protocol.lower()}"]]
    told += [["--source-port", str(asked.source_port)]] if asked.source_port is not None else []
    told += [["--at", asked.at]] if asked.at else []
    told += [[f"--{name}", value] for name, value in asked.told.items()]
    told += [["--waypoint"]] if asked.waypoint else []
    words = [*again.options, *(word for one in told for word in one)]
    if " " in asked.src + asked.dst or any(escape(word) != word for word in words):
        return Command()
    return Command(f"flowcheck explain {shlex.join(words)}")


def on_lines(text: Command, width: int) -> list[str]:
    """A command on as many lines as it takes, each but the last ended as a shell wants it."""
    lines = [""]
    for word in map(shlex.quote, shlex.split(text)):
        if lines[-1] and len(lines[-1]) + len(word) + len(" ") + len(_GOES_ON) > width:
            lines.append(word)
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return [*(line + _GOES_ON for line in lines[:-1]), lines[-1]]
