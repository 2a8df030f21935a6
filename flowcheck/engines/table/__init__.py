"""Every implementation's answer to every switch, with where it stands. docs/cni.md is made of them.

*run* in a source: measured, by judging random worlds with flowcheck and with the implementation's own code;
*read*: in its source, at the version named.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowcheck.engines.table.measured import CALICO, CILIUM
from flowcheck.engines.table.read import ANTREA, AWS, OVN
from flowcheck.engines.table.upstream import FLANNEL, KUBERNETES
from flowcheck.model.engines import Profile

PROFILES: Mapping[str, Profile] = {
    one.name: one for one in (KUBERNETES, CILIUM, CALICO, ANTREA, OVN, AWS, FLANNEL)
}
