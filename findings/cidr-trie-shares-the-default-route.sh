#!/usr/bin/env bash
# cidr-trie has one default route for all tries of a process, and loses 192.168.0.0/16 next to two other private ranges.
#
# One would guess: what is inserted into one trie is in that one only; and a trie of a few prefixes finds each of them, in whatever
# order they were inserted, as PyTricia, py-radix and SubnetTree do.
# Versions: cidr-trie 3.1.2, py-radix 1.1.0.
# Seen: 0.0.0.0/0 and ::/0 are held by the root, whose dictionary is a default argument, made once: so a trie of Pods' ranges
# finds each address to be "internet" once another trie was given that for 0.0.0.0/0, and so do tries of IPv6, and tries
# made later. Of 192.168.0.0/16, 172.16.0.0/12 and 169.254.0.0/16, in this order, the first is not found any more:
# find_all of 192.168.0.5 is empty; in four of the six orders it is found. Of a cluster's usual ranges, 10.96.0.0/12 of
# services, 10.0.0.0/8 of nodes and 10.244.0.0/16 of Pods, the Pod 10.244.0.5 is in 10.0.0.0/8, or is not, by the order in
# which they came. py-radix finds all in any order.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check cidr-trie==3.1.2 py-radix==1.1.0

cat >"$work/look.py" <<'PYTHON'
from importlib.metadata import version
from itertools import permutations

import radix
from cidr_trie import PatriciaTrie


def by_trie(prefixes, address):
    trie = PatriciaTrie()
    for prefix in prefixes:
        trie.insert(prefix, prefix)
    return sorted(value for _, value in trie.find_all(address))


def by_radix(prefixes, address):
    tree = radix.Radix()
    for prefix in prefixes:
        tree.add(prefix)
    return sorted(node.prefix for node in tree.search_covering(address))


def orders(prefixes, address):
    """In how many orders the trie finds all that holds the address, and what it finds in the others."""
    right = sorted(by_radix(prefixes, address))
    found = [by_trie(order, address) for order in permutations(prefixes)]
    wrong = [values for values in found if values != right]
    assert all(by_radix(order, address) == right for order in permutations(prefixes)), "changed: py-radix"
    print(f"{address} is in {right}, found in {len(found) - len(wrong)} of {len(found)} orders, else {wrong[:1]}")
    return len(wrong), wrong[:1]


print({name: version(name) for name in ("cidr-trie", "py-radix")})
private = orders(["192.168.0.0/16", "172.16.0.0/12", "169.254.0.0/16"], "192.168.0.5")
cluster = orders(["10.96.0.0/12", "10.0.0.0/8", "10.244.0.0/16"], "10.244.0.5")

pods, names = PatriciaTrie(), PatriciaTrie()
pods.insert("10.244.0.0/16", "pods")
before = pods.find_all("198.51.100.7"), pods.find_all("10.244.0.5")
names.insert("0.0.0.0/0", "internet")
after = pods.find_all("198.51.100.7"), pods.find_all("10.244.0.5")
later = PatriciaTrie()
later.insert("2001:db8::/32", "nodes")
six = later.find_all("2001:db8::1")
print("a trie of Pods before another has a default:", *before)
print("and after:", *after)
print("a trie of IPv6 made later:", six)

assert private == (2, [[]]), "changed: private ranges"
assert cluster == (3, [["10.244.0.0/16"]]), "changed: a cluster's ranges"
assert before == ([], [("10.244.0.0/16", "pods")]), "changed: one trie"
assert after[0] == [("0.0.0.0/0", "internet")] and len(after[1]) == 2, "changed: two tries"
assert six == [("::/0", "internet"), ("2001:db8::/32", "nodes")], "changed: IPv6"
PYTHON
"$work/venv/bin/python" "$work/look.py"
