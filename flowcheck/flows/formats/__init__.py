"""The log formats, written out: flows.logs says what a format is, docs/formats.md what each can tell.

Canonical Parquet (``parquet``) is none of them: it is what the others become.
"""

from __future__ import annotations

from flowcheck.flows.formats import (
    antrea,
    aws,
    azure,
    calico,
    conntrack,
    eks_agent,
    gcp,
    gke,
    hubble,
    istio,
    mapped,
    netobserv,
    ocsf,
    ovn,
)
from flowcheck.flows.logs.form import Format

FORMATS: tuple[Format, ...] = (
    hubble.FORMAT,
    hubble.AKS,
    aws.FORMAT,
    ocsf.FORMAT,
    eks_agent.FORMAT,
    calico.FLOWS,
    calico.GOLDMANE,
    calico.PACKETS,
    netobserv.FORMAT,
    ovn.FORMAT,
    antrea.FORMAT,
    conntrack.FORMAT,
    gke.FORMAT,
    gcp.FORMAT,
    azure.FORMAT,
    *istio.FORMATS,
    *mapped.FORMATS,
)
"""In the order in which help lists them."""
