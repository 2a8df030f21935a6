"""A mesh's access logs: of Envoy proxies (sidecars, gateways, waypoints), and of ztunnel.

What a mesh's own policies decide is another plane than a CNI's: it never becomes ``action``.
"""

from __future__ import annotations

from flowcheck.flows.formats.istio import envoy, ztunnel
from flowcheck.flows.logs.form import Format

FORMATS: tuple[Format, ...] = (envoy.FORMAT, ztunnel.FORMAT)
