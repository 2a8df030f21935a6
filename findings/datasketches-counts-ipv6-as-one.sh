#!/usr/bin/env bash
# Apache DataSketches counts all IPv6 addresses of a /55 as one, when they are given as integers, and says nothing.
#
# One would guess: update(int) takes an integer for what it is, or refuses one that its 64 bits cannot hold, as
# count_min_sketch of the same package does; a sketch is off by a few percent, and below some hundred values hardly at all.
# Versions: datasketches 5.2.0, numpy 2.4.6.
# Seen: update() of hll_sketch and theta sketches has a form for an int of 64 signed bits and one for a float, and a Python
# integer that does not fit the first goes to the second, where 53 bits of it are left. So of int(ip_address(...)) only the
# first 55 bits are hashed: 4,096 Pods of a cluster's /56 count as 1, where one address of each of 4,096 networks of /48
# counts as 4,096. 1,000 ids from 2**63 on are 1 too; cpc_sketch takes these right, as it has a form for 64 unsigned bits as
# well, and IPv6 as the others do. Random ids of 64 bits do not meet this way, so a test with those sees nothing. IPv4 as
# integers, and IPv6 as text, are counted right. A theta sketch of clients and one of servers, whose addresses differ
# but are of one /64, have 1 each, and 1 in their intersection, as if each client were a server.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check datasketches==5.2.0 numpy==2.4.6

cat >"$work/look.py" <<'PYTHON'
import random
from importlib.metadata import version
from ipaddress import ip_address

import datasketches as ds

COUNT = 4_096
random.seed(1)
cluster, networks = int(ip_address("2001:db8:10:ff00::")), int(ip_address("2001:db8::"))
IDS = {
    "IPv4": [int(ip_address("10.0.0.0")) + number for number in range(COUNT)],
    "IPv6 of one /64": [cluster + 1 + number for number in range(COUNT)],
    "IPv6 of one /56": [cluster + (random.getrandbits(8) << 64) + random.getrandbits(64) for _ in range(COUNT)],
    "one IPv6 of each /48": [networks + (number << 80) + 1 for number in range(COUNT)],
    "IPv6 of one /64 as text": [str(ip_address(cluster + 1 + number)) for number in range(COUNT)],
    "from 2**63 on": [2**63 + number for number in range(1_000)],
    "random of 64 bits": [random.getrandbits(64) for _ in range(COUNT)],
}
SKETCHES = {
    "hll": lambda: ds.hll_sketch(14),
    "theta": lambda: ds.update_theta_sketch(14),
    "cpc": lambda: ds.cpc_sketch(14),
}


def sketch(kind, values):
    made = SKETCHES[kind]()
    for value in values:
        made.update(value)
    return made


print("datasketches", version("datasketches"))
seen = {(name, kind): sketch(kind, values).get_estimate() for name, values in IDS.items() for kind in SKETCHES}
for name, values in IDS.items():
    print(f"{len(set(values)):5,} {name:24}", *(f"{kind} {seen[name, kind]:,.1f}" for kind in SKETCHES))
    for kind in SKETCHES:
        one = name in ("IPv6 of one /64", "IPv6 of one /56") or (name == "from 2**63 on" and kind != "cpc")
        few = seen[name, kind] < 2.5
        near = abs(seen[name, kind] / len(set(values)) - 1) < 0.03
        assert few if one else near, f"changed: {name}, {kind}"

clients, servers = (sketch("theta", [cluster + part + number for number in range(1_000)]) for part in (0, 10_000))
met = ds.theta_intersection()
met.update(clients)
met.update(servers)
both = met.get_result().get_estimate()
print(f"clients {clients.get_estimate()}, servers {servers.get_estimate()}, both {both}, in truth 1,000, 1,000 and 0")
assert clients.get_estimate() == servers.get_estimate() == both == 1, "changed: the intersection"
try:
    ds.count_min_sketch(5, 1_000).update(cluster)
except TypeError:
    print("count_min_sketch refuses an integer of 128 bits")
else:
    raise AssertionError("changed: count_min_sketch")
PYTHON
"$work/venv/bin/python" "$work/look.py"
