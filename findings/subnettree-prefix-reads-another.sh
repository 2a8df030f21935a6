#!/usr/bin/env bash
# A prefix set in a SubnetTree reads back as the value of a longer prefix that begins with the same address.
#
# One would guess: tree[prefix] after tree[prefix] = value gives that value; and that a prefix matches what it is part of,
# as in PyTricia and py-radix, where longest match of a network is the narrowest entry which holds all of it.
# Versions: pysubnettree 0.38.1 (Zeek's own), pytricia 1.3.0, py-radix 1.1.0.
# Seen: a looked-up prefix is taken for its first address, and its length is not looked at. Of four nested prefixes
# that begin at 10.0.0.0 all read back as the /32's value; 10.0.0.0/4, of which only a part has an entry, is "in"
# the tree. A value changed under its key is there, but not to be read by it; deleting asks for the very prefix, so
# that the same key means two entries, by [] and by del. The other two give each prefix its own value.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pysubnettree==0.38.1 pytricia==1.3.0 py-radix==1.1.0

cat >"$work/look.py" <<'PYTHON'
import pytricia
import radix
import SubnetTree

NESTED = ["10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.0.0.0/32", "2001:db8::/32", "2001:db8::/48"]
WIDER = "10.0.0.0/4"

zeek, table = SubnetTree.SubnetTree(), radix.Radix()
tricia = {"4": pytricia.PyTricia(32), "6": pytricia.PyTricia(128)}


def family(prefix):
    return tricia["6" if ":" in prefix else "4"]


for prefix in NESTED:
    zeek[prefix] = prefix
    family(prefix)[prefix] = prefix
    table.add(prefix).data["value"] = prefix

print(f"{'set':14} {'SubnetTree':14} {'PyTricia':14} {'py-radix':14}")
seen = {}
for prefix in NESTED:
    seen[prefix] = zeek[prefix], family(prefix)[prefix], table.search_best(prefix).data["value"]
    print(f"{prefix:14}", *(f"{value:14}" for value in seen[prefix]))
inside = WIDER in zeek, WIDER in tricia["4"], table.search_best(WIDER) is not None
print(f"{WIDER} is in:", *inside)
assert {prefix: values[0] for prefix, values in seen.items()} == {
    **dict.fromkeys(NESTED[:4], "10.0.0.0/32"),
    **dict.fromkeys(NESTED[4:], "2001:db8::/48"),
}, "changed: SubnetTree"
assert all(values[1:] == (prefix, prefix) for prefix, values in seen.items()), "changed: the others"
assert inside == (True, False, False), "changed: a wider prefix"

zeek["10.0.0.0/8"] = "changed"
read, member = zeek["10.0.0.0/8"], zeek["10.9.9.9"]
del zeek["10.0.0.0/8"]
after = zeek["10.0.0.0/8"], "10.9.9.9" in zeek
print("changed the /8: it reads", read, "but a member", member, "- deleted the /8: it reads", *after)
assert (read, member, after) == ("10.0.0.0/32", "changed", ("10.0.0.0/32", False)), "changed: the key in use"
PYTHON
"$work/venv/bin/python" "$work/look.py"
