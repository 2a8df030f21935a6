"""A mesh's access logs: of Envoy proxies (sidecars, gateways, waypoints), and of ztunnel.

What a mesh's own policies decide is another plane than a CNI's: it never becomes ``action``.
"""
