"""What policy engines add of their own: their tiers, and the settings of their agents.

Source: Calico v3.32, libcalico-go/lib/names, felix/calc TierLess and PolKVLess.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from flowcheck.model.tiers import Tier

CALICO_TIERS = {
    "kube-admin": Tier("kube-admin", 1e3),
    "default": Tier("default", 1e6, denies=True),
    "kube-baseline": Tier("kube-baseline", 1e7),
}
"""Those that are always there, and keep their order and default."""
CALICO_LAST = sys.float_info.max
"""Where a tier without an order stands: after all that have one, before those of which there is no object."""


@dataclass(frozen=True, slots=True)
class CalicoSettings:
    """``version``: the release, major and minor. Since 3.32 policies of equal order are asked by name,
    namespace and kind, as one text; before, by name alone, to which the tier's name belongs."""

    version: tuple[int, int] = (3, 32)
