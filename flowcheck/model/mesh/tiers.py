"""The tiers of Istio's proxies and of Linkerd's, in the order they are asked. What none decides is let in."""

from __future__ import annotations

from flowcheck.model.tiers import Layer, Tier

PEER_AUTHENTICATION = Tier("PeerAuthentication", 0, layer=Layer.MESH)
CUSTOM = Tier("CUSTOM", 1, layer=Layer.MESH)
DENY = Tier("DENY", 2, layer=Layer.MESH)
ALLOW = Tier("ALLOW", 3, denies=True, layer=Layer.MESH)

SERVER = Tier("Server", 4, layer=Layer.MESH)
INBOUND_DEFAULT = Tier("default-inbound-policy", 5, layer=Layer.MESH)
