"""What the parts of one policy share: where it stands, and whether the agent takes it.

The API server refuses what the schema of the kind forbids: those are problems (``Field.report``). What it
stores and the agent refuses is in the cluster, but no part of it has an effect: each fault is a warning, and
the policy says of itself that it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowcheck.manifests.fields import Field


@dataclass(slots=True)
class Context:
    """``namespace`` is empty for a clusterwide policy. ``for_nodes``: the spec at hand is for nodes.
    ``refused``: the first thing for which the agent refuses the policy, if it does."""

    namespace: str
    for_nodes: bool = False
    refused: str = ""

    def refuse(self, field: Field, message: str, hint: str = "") -> None:
        """The agent refuses the whole policy for this field."""
        advice = f" ({hint})" if hint else ""
        self.refused = self.refused or f"{field.path}: {message}{advice}".removeprefix(": ")
        field.warn(f"{message}{advice}: Cilium refuses the whole policy, so it has no effect")
