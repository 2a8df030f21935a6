#!/usr/bin/env bash
# In one PyTricia, IPv4 and IPv6 prefixes that begin with the same bits are one: 2001:db8::1 falls in 32.0.0.0/8.
#
# One would guess: a table of longest prefixes that takes keys of both families, as PyTricia(128) does, also in an
# example of its documentation, keeps them apart; or that it refuses the second family.
# Versions: pytricia 1.3.0, pysubnettree 0.38.1, py-radix 1.1.0.
# Seen: PyTricia looks at bits only. Global IPv6 as it is in use begins with 2, and so meets real networks: all of 2001::/16 is in
# 32.0.0.0/8, and 2600::/12, 2a00::/12 and 2c00::/12 are parts of 38.0.0.0/8, 42.0.0.0/8 and 44.0.0.0/8. Setting
# 32.1.13.184/32 overwrites the entry of 2001:db8::/32, under the older name. ::/0 is the default of IPv4, and where
# both defaults are set, the last one answers for both. PyTricia(), of 32 bits, takes an IPv6 address too and looks at
# its first 32. SubnetTree holds IPv4 as ::ffff:0:0/96: its ::/0 takes every IPv4 address that nothing else takes.
# py-radix has a tree for each family.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pytricia==1.3.0 pysubnettree==0.38.1 py-radix==1.1.0

cat >"$work/look.py" <<'PYTHON'
import pytricia
import radix
import SubnetTree

ADDRESSES = ["32.1.13.184", "2001:db8::1", "2600::1", "192.0.2.1", "fd00::1"]


class Radix(radix.Radix):
    def __setitem__(self, prefix, value):
        self.add(prefix).data["value"] = value

    def get(self, address):
        node = self.search_best(address)
        return node and node.data["value"]


class Subnets(SubnetTree.SubnetTree):
    def get(self, address):
        return self[address] if address in self else None


def asked(table, *prefixes):
    for prefix in prefixes:
        table[prefix] = prefix
    return [table.get(address) for address in ADDRESSES]


kinds = {"PyTricia(128)": lambda: pytricia.PyTricia(128), "SubnetTree": Subnets, "py-radix": Radix}
sets = {
    "two of IPv4": ("32.0.0.0/8", "38.0.0.0/8"),
    "defaults, IPv6's last": ("0.0.0.0/0", "::/0"),
    "IPv6's default": ("::/0",),
    "the same bits": ("2001:db8::/32", "32.1.13.184/32"),
}
seen = {}
print(f"{'':38}", *(f"{address:14}" for address in ADDRESSES))
for what, prefixes in sets.items():
    for kind, new in kinds.items():
        seen[what, kind] = asked(new(), *prefixes)
        print(f"{what:22} {kind:15}", *(f"{value!s:14}" for value in seen[what, kind]))
narrow = asked(pytricia.PyTricia(), "32.0.0.0/8")
print(f"{'two of IPv4':22} {'PyTricia()':15}", *(f"{value!s:14}" for value in narrow))

old = pytricia.PyTricia(128)
old["2001:db8::/32"] = "IPv6"
old["32.1.13.184/32"] = "IPv4"
print("PyTricia(128), the same bits:", {key: old[key] for key in old})

v4, v6 = "0.0.0.0/0", "::/0"
assert seen["two of IPv4", "PyTricia(128)"] == ["32.0.0.0/8", "32.0.0.0/8", "38.0.0.0/8", None, None], "changed"
assert seen["defaults, IPv6's last", "PyTricia(128)"] == [v6] * 5, "changed"
assert seen["IPv6's default", "PyTricia(128)"] == [v6] * 5, "changed"
assert narrow == ["32.0.0.0/8", "32.0.0.0/8", None, None, None], "changed"
assert {key: old[key] for key in old} == {"2001:db8::/32": "IPv4"}, "changed"
assert seen["two of IPv4", "SubnetTree"] == ["32.0.0.0/8", None, None, None, None], "changed"
assert seen["defaults, IPv6's last", "SubnetTree"] == [v4, v6, v6, v4, v6], "changed"
assert seen["IPv6's default", "SubnetTree"] == [v6] * 5, "changed"
assert seen["two of IPv4", "py-radix"] == ["32.0.0.0/8", None, None, None, None], "changed"
assert seen["IPv6's default", "py-radix"] == [None, v6, v6, None, v6], "changed"
PYTHON
"$work/venv/bin/python" "$work/look.py"
