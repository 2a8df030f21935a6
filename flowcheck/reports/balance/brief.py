"""The load in a few lines, for reports that are about something else."""

from __future__ import annotations

from flowcheck.balance.tell.records import ServiceLoad
from flowcheck.balance.tell.result import LoadResult
from flowcheck.reports.balance.answer import headline
from flowcheck.reports.balance.splits import brief_split, is_off_target
from flowcheck.reports.balance.wording import endpoint_note, is_one_sided, is_uneven, title
from flowcheck.reports.parts.units import chance, share_text

MOST_SHOWN = 5


def brief(result: LoadResult) -> list[str]:
    """How many Services are skewed, then the first that want a look, a line each; empty without Services."""
    if not result.services:
        return []
    pressing = [service for service in result.services if is_pressing(service)]
    lines = [headline(result), *(_line(service) for service in pressing[:MOST_SHOWN])]
    if len(pressing) > MOST_SHOWN:
        lines.append(f"and {len(pressing) - MOST_SHOWN:,} more")
    return [*lines, "flowcheck load shows every Service, with the same FLOWS and --cluster"]


def is_pressing(service: ServiceLoad) -> bool:
    """Whether there is anything about it that chance does not explain."""
    odd = bool(service.clients.stray) or any(endpoint.state for endpoint in service.endpoints)
    return is_uneven(service) or is_off_target(service) or odd


def _line(service: ServiceLoad) -> str:
    parts = []
    if service.state == "skewed" and service.misplaced is not None:
        parts.append(f"{share_text(service.misplaced)} misplaced, {chance(service.p_adjusted)}")
    if is_one_sided(service):
        parts.append("one-sided in time")
    parts += [brief_split(split) for split in service.splits if split.verdict == "off_target"]
    parts += [
        f"{endpoint.endpoint} {note}" for endpoint in service.endpoints if (note := endpoint_note(endpoint))
    ]
    if service.clients.stray:
        parts.append(f"{service.clients.stray:,} against ClientIP affinity")
    return f"{title(service)}: {'; '.join(parts)}"
