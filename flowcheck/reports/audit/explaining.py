"""The command that explains a finding, to be copied: by it ``flowcheck explain`` says what the audit said."""

from __future__ import annotations

import shlex

from flowcheck.reports.parts.escape import escape
from flowcheck.results.again import Again
from flowcheck.results.records.findings import Finding

_GOES_ON = " \\"
_EXPLAINED = ("TCP", "UDP", "SCTP")
_TOLD = {
    "--principal": "src_principal",
    "--method": "http_method",
    "--path": "http_path",
    "--host": "http_host",
    "--sni": "tls_server_name",
}
"""Options for what a record tells a mesh, by the columns that it stands in."""


class Command(str):
    """A line for a shell; empty: there is none. Each medium shows it so that it can be copied."""

    __slots__ = ()


def command(finding: Finding, again: Again | None) -> Command:
    """For the finding's example; empty where there is no such command, or it holds what cannot be shown."""
    example = finding.example
    names = (example.src, example.dst)
    if again is None or finding.protocol not in _EXPLAINED or finding.port is None:
        return Command()
    port = example.service_port if example.by_waypoint else finding.port
    is_told = not example.by_waypoint or bool(example.http_method)
    if port is None or not is_told:  # without a request the Service's words count, which a pod has not
        return Command()
    asked = ["--from", names[0], "--to", names[1], "--port", f"{port}/{finding.protocol.lower()}"]
    if again.asks_source and example.src_port is not None:
        asked += ["--source-port", str(example.src_port)]
    if again.at_its_time and example.start_time:
        asked += ["--at", example.start_time]
    if example.outer_port is not None and finding.direction != "mesh":
        return Command()  # network policies were asked at that port, the mesh at the one inside
    for option, column in _TOLD.items() if again.asks_mesh else ():
        if value := getattr(example, column):
            asked += [option, value]
    if example.by_waypoint:
        asked.append("--waypoint")
    words = [*again.options, *asked]
    if any(" " in name for name in names) or any(escape(word) != word for word in words):
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
