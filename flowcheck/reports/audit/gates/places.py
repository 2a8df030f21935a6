"""Where a finding is shown: the file and line of the policy that decided, from the folder of the run.

Reports of this kind are read in a repository, where a path means a file of it. So a path is relative and
never leads upwards: of one that lies elsewhere, what leads there is left away.
"""

from __future__ import annotations

import os
import posixpath
import re
from typing import NamedTuple
from urllib.parse import quote

from flowcheck.results.finding.changes import DEFAULT_DENY
from flowcheck.results.records.findings import Finding

_LINE = re.compile(r"(.*):([1-9][0-9]{0,8})", re.DOTALL)


class Place(NamedTuple):
    """``path``: relative, with ``/``, never empty. ``line``: 1-based; 0: none in particular."""

    path: str
    line: int = 0

    @property
    def uri(self) -> str:
        """A relative reference of RFC 3986: what has a meaning there, or is not ASCII, is percent-encoded."""
        try:
            octets = self.path.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            octets = self.path.encode("utf-8", "backslashreplace")
        return quote(octets, safe="/")


def places(finding: Finding) -> list[Place]:
    """Of the deciding policies, those first that are to be changed where the flow should be allowed; where no
    file tells of any, the example's log. The first is where it is shown."""
    pairs = zip(finding.policies, finding.policy_sources, strict=False)
    by_policy = {policy.removeprefix(DEFAULT_DENY): source for policy, source in pairs}
    sources = [*(by_policy.get(policy, "") for policy in finding.change), *finding.policy_sources]
    return [place_of(source) for source in dict.fromkeys(sources) if source] or [
        Place(relative(finding.example.file))
    ]


def place_of(source: str) -> Place:
    """``file:line``, or a file alone."""
    match = _LINE.fullmatch(source)
    return Place(relative(match[1]), int(match[2])) if match else Place(relative(source))


def relative(path: str) -> str:
    """A path below the folder of the run from there, any other without its root and ``..``."""
    here = os.getcwd()
    if os.path.isabs(path):
        path = path[len(here) :] if path.startswith(here.rstrip("/") + "/") else path
    parts = [part for part in posixpath.normpath(path).split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or "unknown"
