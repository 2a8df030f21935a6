"""--cni, and an option for each switch of its profile: who enforces policies, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from flowcheck.cli.words.values import Size
from flowcheck.engines.profiles import AUTO, CHOICES, IDENTITIES, MESHES
from flowcheck.model.engines import SWITCH_NAMES, SWITCHES, Switch

if TYPE_CHECKING:
    from flowcheck.model.ranges import DnsMap


def _option(switch: Switch) -> Any:
    words = {"type": click.Choice(switch.values)} if switch.values else {"metavar": "NAMESPACE"}
    return click.option(switch.option, switch.name, help=switch.help, **words)


ENGINE: list[Any] = [
    click.option(
        "--cni",
        type=click.Choice(CHOICES),
        default=AUTO,
        show_default=True,
        help="Whose way to enforce policies: of the network plugin that the cluster's own objects tell, or "
        "of this one. It answers each of the questions below, which may be answered one by one.",
    ),
    *map(_option, SWITCHES),
    click.option(
        "--mesh",
        type=click.Choice(MESHES),
        default=AUTO,
        show_default=True,
        help="Policies of service meshes (Istio, Linkerd): asked of the pods in them, or left out (off).",
    ),
    click.option(
        "--mesh-identity",
        type=click.Choice(IDENTITIES),
        default=IDENTITIES[0],
        show_default=True,
        help="Whether a client in the mesh proves its identity where the record does not tell: it does, as "
        "mutual TLS is automatic between proxies (derived), or that is open (recorded).",
    ),
    click.option(
        "--max-table",
        type=Size(),
        help="Memory for the decision table of a direction, such as 512MiB; a cluster that needs more is "
        "refused while it is compiled. Without it, half of the machine's, and at least 2GiB.",
    ),
    click.option(
        "--dns-map",
        type=click.Path(dir_okay=False),
        metavar="FILE",
        help="Which addresses DNS names had, and when: CSV or JSON lines with name, address, from, until, or "
        "Hubble's records of DNS. Decides policies about names, which are unknown without.",
    ),
]

NOTHING_CHOSEN: Mapping[str, Any] = {
    **{"cni": AUTO, "mesh": AUTO, "mesh_identity": IDENTITIES[0], "dns_map": None, "max_table": None},
    **dict.fromkeys(SWITCH_NAMES),
}
"""What a command has where nobody asked for anything."""


def names_in(given: Mapping[str, Any]) -> DnsMap | None:
    """What --dns-map tells, if it was given.

    **Raises**: ManifestError.
    """
    from flowcheck.manifests.dns_map import read_dns_map

    return None if given["dns_map"] is None else read_dns_map(given["dns_map"])


def chosen(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The switches that a person set, with their values."""
    return tuple((name, given[name]) for name in SWITCH_NAMES if given[name] is not None)
