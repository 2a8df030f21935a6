"""What logs say was decided, beside what policies say, in words: a label and a sentence each."""

from __future__ import annotations

from flowcheck.counted import counted
from flowcheck.results.records.summary import Recorded


def said(recorded: Recorded) -> list[tuple[str, str]]:
    """What the log says was decided, beside what policies say."""
    lines = []
    if recorded.cloud:
        counts = ", ".join(f"{n:,} {what}" for what, n in recorded.cloud.items())
        lines.append(
            (
                "cloud",
                f"{counts} by the cloud's own firewall, which knows no policies; what it denied was stopped",
            )
        )
    compared = recorded.policies_agree + recorded.policies_differ
    if compared:
        text = f"{recorded.policies_agree:,} of {counted(compared, 'row')} name a policy that decided"
        for one in recorded.differences[:1]:
            text += f"; else first {' and '.join(one.recorded)} where {' and '.join(one.decided)} decided"
            text += f" ({one.file}, row {one.first_row})"
        lines.append(("named", text))
    compared = recorded.mesh_agree + recorded.mesh_differ
    if compared:
        text = (
            f"its own word is what its policies say in {recorded.mesh_agree:,} of {counted(compared, 'row')}"
        )
        for one in recorded.mesh_differences[:1]:
            text += f"; else first {_by_whom(one.recorded)} where policies say {_by_whom(one.decided)}"
            text += f" ({one.file}, row {one.first_row})"
        lines.append(("mesh", text))
    return lines


def _by_whom(words: tuple[str, ...]) -> str:
    """``denied by AuthorizationPolicy/shop/no-web``."""
    said, *policies = words
    named = f"by {' and '.join(policies)}" if policies else ""
    return " ".join(filter(None, (said, named)))
