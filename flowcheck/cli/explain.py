"""flowcheck explain: load the cluster, ask about one pair, and show why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import click

from flowcheck.cli.exits import Exit
from flowcheck.cli.flows.clusters import after_the_last, enforced
from flowcheck.cli.words.clusters import CLUSTER, NO_POLICIES
from flowcheck.cli.words.engine import ENGINE
from flowcheck.cli.words.options import CONTEXT, RANGES, SPEECH, messages, options
from flowcheck.cli.words.values import Moment, Report, Value
from flowcheck.reports import FORMATS

_PORTLESS = ("icmp", "icmpv6")
TOLD = ("principal", "method", "path", "host", "sni")
"""What a record would tell a mesh."""


@dataclass(frozen=True, slots=True)
class Port:
    """A destination port with its protocol; None where the protocol has no ports."""

    number: int | None
    protocol: str


class PortType(Value):
    """``443``, ``53/udp``, ``icmp``."""

    name = "port"

    def parse(self, text: str) -> Port:
        if text.lower() in _PORTLESS:
            return Port(None, text)
        match = re.fullmatch(r"([0-9]{1,5})(?:/(tcp|udp|sctp))?", text, re.IGNORECASE)
        if match is None or not 1 <= int(match[1]) <= 65535:
            raise ValueError(f"{text!r} is not a port; write 443, 53/udp, 9999/sctp, icmp or icmpv6")
        return Port(int(match[1]), match[2] or "tcp")


@click.command("explain", context_settings=CONTEXT)
@options(CLUSTER, NO_POLICIES)
@click.option(
    "--from",
    "src",
    required=True,
    help="NS/POD, NS/WORKLOAD, NS/KIND/NAME, Node/NAME or an IP address.",
)
@click.option("--to", "dst", required=True, help="The same, or a Service: NS/svc/NAME.")
@click.option(
    "--port", required=True, type=PortType(), help="443, 53/udp, 9999/sctp, icmp; a Service's own port."
)
@click.option(
    "--source-port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help="The port that it comes from, which some of Calico's rules ask for.  [default: any]",
)
@click.option(
    "--principal",
    metavar="SPIFFE|none",
    help="The identity that the client proves to a mesh.  [default: its own, see --mesh-identity]",
)
@click.option("--method", metavar="WORD", help="The HTTP method that a mesh sees.  [default: not told]")
@click.option("--path", metavar="PATH", help="Likewise the path.")
@click.option("--host", metavar="HOST", help="Likewise the host.")
@click.option("--sni", metavar="NAME", help="The name in TLS's greeting.")
@click.option(
    "--waypoint",
    is_flag=True,
    help="As a waypoint records it: its policies alone are asked, and --port is the Service's.",
)
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice([*FORMATS["explanation"]]),
    default="terminal",
    show_default=True,
    help="json is the whole record.",
)
@click.option(
    "--at", type=Moment(), help="The instant to explain, where the cluster changed.  [default: the latest]"
)
@options(RANGES, ENGINE, SPEECH)
@click.pass_context
def command(context: click.Context, /, **given: Any) -> int:
    """Say why one end may or may not talk to another, rule by rule, and what would change it.

    \b
    flowcheck explain --cluster cluster --from shop/cart --to shop/svc/cart-store --port 6379
    flowcheck explain --cluster cluster --from 203.0.113.9 --to shop/gateway --port 8080

    An explanation is not a check: the exit code is 0 whatever the verdict is, and 3 where documents, or
    policies that may be in force, were left out of it.
    """
    from flowcheck.cli.audit import check_inputs
    from flowcheck.cli.words.output import write_reports
    from flowcheck.compile import compile_program
    from flowcheck.explaining import explain

    check_inputs(given)
    port: Port = given["port"]
    if port.number is None and given["source_port"] is not None:
        raise click.UsageError(f"--source-port: {port.protocol} has no ports")
    told = {name: given[name] for name in TOLD}
    _check_identity(given["principal"])
    judged = enforced(given)
    program = compile_program(judged.cluster, judged.options)
    answer = explain(
        program,
        src=given["src"],
        dst=given["dst"],
        port=port.number,
        protocol=port.protocol,
        at=given["at"],
        source_port=given["source_port"],
        waypoint=given["waypoint"],
        **told,
    )
    messages(context).warnings(judged.cluster.warnings)
    if program.mesh is None and (any(told.values()) or given["waypoint"]):
        names = ", ".join(
            f"--{name}" for name, value in (*told.items(), ("waypoint", given["waypoint"])) if value
        )
        messages(context).warnings([f"no pod is in a mesh, so {names} changes nothing"])
    messages(context).warnings([*after_the_last(judged.cluster, given["at"])])
    messages(context).warnings([f"left out: {one}" for one in answer.left_out])
    messages(context).warnings([f"incomplete: {one}" for one in answer.perhaps_in_force])
    write_reports("explanation", answer, [Report(given["form"])], given["color"])
    return Exit.INCOMPLETE if answer.left_out or answer.perhaps_in_force else Exit.CLEAN


def _check_identity(principal: str | None) -> None:
    from flowcheck.explaining.mesh.told import telling

    try:
        telling(principal, None, None, None, None)
    except ValueError as error:
        raise click.UsageError(f"--principal: {error}") from error
