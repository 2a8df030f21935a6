"""The log formats, written out: flows.logs says what a format is, docs/formats.md what each can tell.

Canonical Parquet (``parquet``) is none of them: it is what the others become. They are imported where a log
is read: an audit of canonical files does without.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowcheck.flows.logs.form import Format

HOMES = {
    "hubble": "hubble.FORMAT",
    "aks": "hubble.AKS",
    "aws": "aws.FORMAT",
    "ocsf": "ocsf.FORMAT",
    "eks-agent": "eks_agent.FORMAT",
    "calico": "calico.FLOWS",
    "goldmane": "calico.GOLDMANE",
    "calico-packets": "calico.PACKETS",
    "netobserv": "netobserv.FORMAT",
    "ovn": "ovn.FORMAT",
    "antrea": "antrea.FORMAT",
    "conntrack": "conntrack.FORMAT",
    "gke": "gke.FORMAT",
    "gcp": "gcp.FORMAT",
    "azure": "azure.FORMAT",
    "istio": "istio.envoy.FORMAT",
    "ztunnel": "istio.ztunnel.FORMAT",
    "zeek": "mapped.zeek.FORMAT",
    "suricata": "mapped.suricata.FORMAT",
    "nfdump": "mapped.nfdump.FORMAT",
    "goflow2": "mapped.goflow2.FORMAT",
    "akvorado": "mapped.akvorado.FORMAT",
    "mapped": "mapped.generic.FORMAT",
}
"""Format, as ``--from`` names it -> where it stands below this folder; in the order of help."""


@cache
def all_formats() -> tuple[Format, ...]:
    """Each of them, in their order."""
    places = [home.rpartition(".") for home in HOMES.values()]
    return tuple(getattr(import_module(f"{__name__}.{module}"), name) for module, _, name in places)
