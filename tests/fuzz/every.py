"""All targets, in the order in which they run."""

from __future__ import annotations

from tests.fuzz import footer, logs, manifests
from tests.fuzz.target import Target

TARGETS: tuple[Target, ...] = (*manifests.TARGETS, *footer.TARGETS, *logs.TARGETS)
BY_NAME = {one.name: one for one in TARGETS}
