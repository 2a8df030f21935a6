"""The names of the log formats, for a command line that does not read any yet."""

from __future__ import annotations

AUTO, CANONICAL = "auto", "canonical"
FORMAT_NAMES = (
    "hubble",
    "aks",
    "aws",
    "ocsf",
    "eks-agent",
    "calico",
    "goldmane",
    "calico-packets",
    "netobserv",
    "ovn",
    "antrea",
    "conntrack",
    "gke",
    "gcp",
    "azure",
    "istio",
    "ztunnel",
    "zeek",
    "suricata",
    "nfdump",
    "goflow2",
    "akvorado",
    "mapped",
)
"""In the order of :data:`flowcheck.flows.formats.FORMATS`."""
UNITS = ("s", "ms", "us", "ns")
