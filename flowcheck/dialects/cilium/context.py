"""What the parts of one policy share: where it stands, and whether the agent takes it.

The API server refuses what the schema of the kind forbids: those are problems. What it stores and the agent
refuses is in the cluster, but no part of it has an effect: each fault is a warning.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowcheck.manifests.fields import Field


@dataclass(slots=True)
class Context:
    """``namespace`` is empty for a clusterwide policy. ``for_nodes``: the spec at hand is for nodes.
    ``refused``: the agent refuses the policy."""

    namespace: str
    for_nodes: bool = False
    refused: bool = False

    def refuse(self, field: Field, message: str, hint: str = "") -> None:
        """The agent refuses the whole policy for this field."""
        self.refused = True
        advice = f" ({hint})" if hint else ""
        field.warn(f"{message}{advice}: Cilium refuses the whole policy, so it has no effect")
