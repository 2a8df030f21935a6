"""A second opinion: ``python -m tests.tools.peer_npa CHECKOUT``, with a checkout of np-guard/netpol-analyzer.

Nothing of it is kept here, and nothing of it runs: its folder ``test_outputs`` has, for folders of
``tests``, what ``list``, ``list --exposure`` and ``diff`` print. Held against that are the matrix, what
addresses outside may reach or be reached at, who is isolated by nothing, and the difference of two matrices.
docs/peers.md tells what differs.
"""

from __future__ import annotations

import argparse
import ipaddress
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, partial, reduce
from pathlib import Path

from flowcheck.api import compile_program, rules
from flowcheck.arrays import KIND_BLOCK
from flowcheck.compile import Program, axis_of
from flowcheck.compile.endpoints.addresses import prefix
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.errors import FlowcheckError
from flowcheck.model.cluster import Cluster
from flowcheck.model.protocols import PROTOCOLS
from flowcheck.reach.build import EVERYTHING, build, prefixes_of
from flowcheck.reach.compared import difference
from flowcheck.reach.matrix import Matrix, PortAnswer
from flowcheck.reach.parties import Party
from flowcheck.reading import load_cluster

PORTED = ("TCP", "UDP", "SCTP")
ALL, NONE = "All Connections", "No Connections"
LINE = re.compile(r"^(.+?)\s+(=>|<=)\s+(.+?) : (.+)$")
CHANGED = re.compile(
    r"^diff-type: \w+, source: (.+?), destination: (.+?), \w+: (.+?), \w+: (.+?)"
    r"(?:, workloads-diff-info: .*)?$"
)
UNPROTECTED = re.compile(r"^(\S+) is not protected on (Ingress|Egress)$")
BLOCK = re.compile(r"^(\d[\d.]+)-([\d.]+)\[External\]$")
WORKLOAD = re.compile(r"^([^/{}\s]+)/([^/\s]+)\[(\w+)\]$")
TOP = 1 << 32
UNREAD = re.compile(
    r"^\s*\"?kind\"?: \"?(UserDefinedNetwork|ClusterUserDefinedNetwork|MultiNetworkPolicy"
    r"|NetworkAttachmentDefinition|VirtualMachine\w*)",
    re.MULTILINE,
)
"""Secondary networks and virtual machines."""

Conns = frozenset[tuple[str, int, int]]
"""Protocol, first and last port, of stretches that do not touch."""
End = str | tuple[int, int]
"""A workload as ``NS/NAME/KIND``, or a block of IPv4 addresses, both ends included."""
Listing = dict[tuple[End, End], Conns]


def conns(text: str) -> Conns:
    if text == NONE:
        return frozenset()
    if text == ALL:
        return joined((protocol, 1, 65535) for protocol in PORTED)
    found, protocol = [], ""
    for part in text.split(","):
        *words, ports = part.split()
        protocol = words[0] if words else protocol
        first, _, last = ports.partition("-")
        found.append((protocol, int(first), int(last or first)))
    return joined(found)


def joined(stretches: Iterator[tuple[str, int, int]] | list[tuple[str, int, int]]) -> Conns:
    found: list[tuple[str, int, int]] = []
    for protocol, first, last in sorted(stretches):
        if found and found[-1][0] == protocol and found[-1][2] + 1 >= first:
            found[-1] = (protocol, found[-1][1], max(last, found[-1][2]))
        else:
            found.append((protocol, first, last))
    return frozenset(found)


def end(text: str) -> End | None:
    """None of what is neither, as ``{ingress-controller}`` and ``entire-cluster``."""
    if block := BLOCK.match(text):
        first, last = (int(ipaddress.IPv4Address(one)) for one in block.groups())
        return first, last
    found = WORKLOAD.match(text)
    return "/".join(found.groups()) if found else None


@dataclass(frozen=True)
class Told:
    """What one of its files tells."""

    listing: Listing = field(default_factory=dict)
    unprotected: frozenset[tuple[str, str]] = frozenset()


@cache
def listing_of(file: Path, *, exposure: bool) -> Told:
    """Of exposure what is after its headline, without pods that there might be."""
    found: Listing = {}
    bare = set()
    connections, headline, more = file.read_text().partition("Exposure Analysis Result:\n")
    assert headline or not exposure
    for line in (more if exposure else connections).splitlines():
        if one := UNPROTECTED.match(line):
            bare.add((str(end(one[1])), one[2].lower()))
        elif one := LINE.match(line):
            ends = (end(one[1].strip()), end(one[3].strip()))
            src, dst = ends if one[2] == "=>" else ends[::-1]
            is_block = isinstance(src, tuple) or isinstance(dst, tuple)
            if src is not None and dst is not None and (is_block or not exposure):
                found[src, dst] = conns(one[4])
    return Told(found, frozenset(bare))


def changes_of(file: Path) -> tuple[Listing, Listing]:
    was, now = Listing(), Listing()
    for line in file.read_text().splitlines():
        one = CHANGED.match(line)
        if one is None:
            continue
        src, dst = end(one[1]), end(one[2])
        if src is not None and dst is not None:
            was[src, dst], now[src, dst] = conns(one[3]), conns(one[4])
    return was, now


# -- ours ----------------------------------------------------------------------------------------------


def name_of(party: Party) -> str:
    namespace, kind, name = party.name.split("/", 2)
    return f"{namespace}/{name}/{kind}"


@dataclass(frozen=True)
class Ours:
    """``axis``: of the same program, which knows of every address whose it is."""

    matrix: Matrix
    axis: Axis
    cluster: Cluster
    rows: dict[End, int]
    columns: dict[End, int]
    blocks: list[tuple[int, int, str]]

    @classmethod
    def of(cls, program: Program, matrix: Matrix | None = None) -> Ours:
        matrix, cluster = matrix or build(program), program.cluster
        assert cluster is not None
        axis = axis_of(cluster, program.options)
        places = [
            {name_of(one): at for at, one in enumerate(several) if one.kind == "workload"}
            for several in (matrix.sources, matrix.destinations)
        ]
        blocks = []
        for one in matrix.sources:
            if one.prefix is not None:
                network = ipaddress.ip_network(str(one.prefix))
                if network.version == 4:
                    blocks.append((int(network[0]), int(network[-1]), one.name))
        blocks.sort(key=lambda one: one[1] - one[0])
        return cls(matrix, axis, cluster, dict(places[0]), dict(places[1]), blocks)

    def on_nodes(self) -> set[End]:
        """Workloads on the host network, which policies do not tell from their nodes."""
        own = (pod for pod in self.cluster.pods if pod.host_network)
        return {"{0}/{2}/{1}".format(*str(pod.workload).split("/", 2)) for pod in own}

    def cuts(self) -> set[int]:
        return {edge for first, last, _ in self.blocks for edge in (first, last + 1)}

    def block_at(self, address: int) -> str:
        return next(name for first, last, name in self.blocks if first <= address <= last)

    def called(self, one: End) -> End:
        """A ReplicaSet's pods are its Deployment's."""
        if isinstance(one, str) and one not in self.rows and one.endswith("/ReplicaSet"):
            named = f"{one.removesuffix('/ReplicaSet').rpartition('-')[0]}/Deployment"
            return named if named in self.rows else one
        return one

    def place(self, one: End, *, row: bool) -> int | None:
        if isinstance(one, str):
            return (self.rows if row else self.columns).get(one)
        name = self.block_at(one[0])
        parties = self.matrix.sources if row else self.matrix.destinations
        return next(place for place, party in enumerate(parties) if party.name == name)

    def is_outside(self, one: End) -> bool:
        """Whether an address is nobody's: not where pods, whose addresses are not all known, may be."""
        if isinstance(one, str):
            return True
        end = self.axis.find(prefix(str(ipaddress.IPv4Address(one[0]))))
        return self.axis.endpoints[end].kind == KIND_BLOCK

    def conns(self, src: End, dst: End) -> Conns | None:
        """None where it is not told for sure; nothing between ends that there are not."""
        if not self.is_outside(src) or not self.is_outside(dst):
            return None
        row, column = self.place(src, row=True), self.place(dst, row=False)
        if row is None or column is None:
            return frozenset()
        return said(self.matrix.answers[self.matrix.cells[row, column]])


def said(answers: tuple[PortAnswer, ...]) -> Conns | None:
    names = {PROTOCOLS[name]: name for name in PORTED}
    found = []
    for one in answers:
        ours = [each for each in one.stretches if each.protocol in names and each.last >= 1]
        if ours and one.verdict not in ("allow", "deny"):
            return None
        if one.verdict == "allow":
            found += [(names[each.protocol], max(each.first, 1), each.last) for each in ours]
    return joined(found)


def points(ours: Ours, *listings: Listing) -> list[int]:
    """An address of every block that either tells from others."""
    cuts = ours.cuts() | {0}
    for listing in listings:
        for pair in listing:
            cuts |= {edge for one in pair if isinstance(one, tuple) for edge in (one[0], one[1] + 1)}
    return sorted(one for one in cuts if one < TOP)


def at_points(listing: Listing, addresses: list[int], *sides: Ours) -> Listing:
    """The same with single addresses in place of blocks, and our names."""
    found: Listing = {}
    for (src, dst), what in listing.items():
        named = [reduce(lambda one, side: side.called(one), sides, one) for one in (src, dst)]
        for one in _singles(named[0], addresses):
            for other in _singles(named[1], addresses):
                found[one, other] = what
    return found


def _singles(one: End, addresses: list[int]) -> list[End]:
    if isinstance(one, str):
        return [one]
    return [(address, address) for address in addresses if one[0] <= address <= one[1]]


def pairs(ours: Ours, addresses: list[int], *, blocks_only: bool = False) -> Iterator[tuple[End, End]]:
    outside: list[End] = [(address, address) for address in addresses]
    for one in ours.rows:
        yield from ((one, other) for other in ours.columns if one != other and not blocks_only)
        yield from ((one, other) for other in outside)
    for one in outside:
        yield from ((one, other) for other in ours.columns)


# -- both ----------------------------------------------------------------------------------------------


@cache
def cluster_of(folder: Path) -> Cluster:
    return load_cluster(folder, keep_going=True)


@cache
def program_of(folder: Path) -> Program:
    return compile_program(cluster_of(folder), cni="kubernetes", mesh="off")


@cache
def why_not(folder: Path) -> str:
    """Why there is nothing to hold against one another; empty: there is."""
    files = [one for one in folder.rglob("*") if one.suffix in (".yaml", ".yml", ".json")]
    if any(UNREAD.search(one.read_text(errors="replace")) for one in files):
        return "secondary networks or virtual machines, which are not read here"
    try:
        return "objects that the API server refuses" if cluster_of(folder).refused else ""
    except FlowcheckError as error:
        return f"refused here: {error.message}"


@dataclass
class Score:
    cases: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    shown: list[str] = field(default_factory=list)

    def case(self, name: str, found: Counter[str], first: str) -> None:
        self.pairs += found
        word = "differ" if found["differ"] else "agree" if found["agree"] else "nothing to compare"
        self.cases[word] += 1
        if found["differ"]:
            self.shown.append(f"{name}: {found['differ']} of {found.total()} differ, as {first}")


def hold(ours: Ours, theirs: Listing, asked: Iterator[tuple[End, End]]) -> tuple[Counter[str], str]:
    found: Counter[str] = Counter()
    first = ""
    for src, dst in asked:
        own, other = ours.conns(src, dst), theirs.get((src, dst), frozenset())
        word = "not told" if own is None else "agree" if own == other else "differ"
        found[word] += 1
        if word == "differ" and not first:
            first = f"{src} -> {dst}: here {sorted(own or ())}, there {sorted(other)}"
    known = {*ours.rows, *ours.columns, *ours.on_nodes()}
    odd = {one for pair in theirs for one in pair if isinstance(one, str) and one not in known}
    if odd:
        found["differ"] += len(odd)
        first = first or f"not here: {sorted(odd)[:3]}"
    return found, first


def lists(checkout: Path, score: Score, *, exposure: bool) -> None:
    ending = "_exposure_output.txt" if exposure else "_connlist_output.txt"
    for file in sorted((checkout / "test_outputs" / "connlist").glob(f"*{ending}")):
        folder = checkout / "tests" / file.name.removesuffix(ending)
        if not folder.is_dir():
            continue
        told = listing_of(file, exposure=exposure)
        if why := why_not(folder):
            score.cases[why] += 1
            continue
        ours = Ours.of(program_of(folder))
        addresses = points(ours, told.listing)
        asked = pairs(ours, addresses, blocks_only=exposure)
        score.case(folder.name, *hold(ours, at_points(told.listing, addresses, ours), asked))


def bare(checkout: Path, score: Score) -> None:
    """Who is isolated by nothing."""
    for file in sorted((checkout / "test_outputs" / "connlist").glob("*_exposure_output.txt")):
        folder = checkout / "tests" / file.name.removesuffix("_exposure_output.txt")
        if not folder.is_dir():
            continue
        if why := why_not(folder):
            score.cases[why] += 1
            continue
        record = rules(cluster_of(folder), cni="kubernetes", mesh="off", allow_no_policies=True)
        names = Ours.of(program_of(folder))
        own = {
            ("{0}/{2}/{1}".format(*one.workload.split("/", 2)), str(one.layer))
            for one in record.unprotected
            if one.pods_unisolated and not one.named  # there a rule of an admin policy is protection
        }
        told = listing_of(file, exposure=True).unprotected
        theirs = {(str(names.called(one)), layer) for one, layer in told}
        odd = own ^ theirs
        found = Counter({"agree": len(own & theirs), "differ": len(odd)})
        first = f"{min(odd)} is so {'here' if min(odd) in own else 'there'} alone" if odd else ""
        score.case(folder.name, +found or Counter(agree=1), first)


def diffs(checkout: Path, score: Score) -> None:
    tests = checkout / "tests"
    names = {one.name for one in tests.iterdir() if one.is_dir()}
    for file in sorted((checkout / "test_outputs" / "diff").glob("diff_between_*.txt")):
        both = file.stem.removeprefix("diff_between_")
        parted = [both[: at.start()] for at in re.finditer("_and_", both)]
        found = [(one, both.removeprefix(f"{one}_and_")) for one in parted]
        new, old = next(each for each in found if names.issuperset(each))
        if why := why_not(tests / old) or why_not(tests / new):
            score.cases[why] += 1
            continue
        programs = program_of(tests / old), program_of(tests / new)
        blocks = [prefix for one in programs for prefix in prefixes_of(one)]
        matrices = [build(one, EVERYTHING, blocks) for one in programs]
        sides = [Ours.of(*each) for each in zip(programs, matrices, strict=True)]
        told = changes_of(file)
        addresses = sorted({*points(sides[0], *told), *points(sides[1])})
        was, now = (at_points(one, addresses, *sides) for one in told)
        ours = {(one.source, one.destination) for one in difference(*matrices).changes}
        found_here: Counter[str] = Counter()
        first = ""
        for src, dst in dict.fromkeys((*pairs(sides[0], addresses), *pairs(sides[1], addresses))):
            own = [one.conns(src, dst) for one in sides]
            listed = (party_name(sides, src, row=True), party_name(sides, dst, row=False)) in ours
            if None in own:
                word = "not told"
            elif (src, dst) in was:
                word = "agree" if own == [was[src, dst], now[src, dst]] and listed else "differ"
            else:
                word = "agree" if own[0] == own[1] else "differ"
            found_here[word] += 1
            if word == "differ" and not first:
                theirs = [sorted(one.get((src, dst), ())) for one in (was, now)]
                first = f"{src} -> {dst}: here {[sorted(one or ()) for one in own]}, there {theirs}"
        score.case(both, found_here, first)


def party_name(sides: list[Ours], one: End, *, row: bool) -> str:
    for side in sides:
        place = side.place(one, row=row)
        if place is not None:
            return (side.matrix.sources if row else side.matrix.destinations)[place].name
    return ""


def scores(checkout: Path) -> Iterator[tuple[str, Score]]:
    for title, run in (
        ("list", partial(lists, exposure=False)),
        ("exposure to addresses outside", partial(lists, exposure=True)),
        ("not protected", bare),
        ("diff", diffs),
    ):
        score = Score()
        run(checkout, score)
        yield title, score


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.tools.peer_npa", description=__doc__)
    parser.add_argument("checkout", type=Path)
    for title, score in scores(parser.parse_args().checkout):
        lines = [f"{title}: cases {dict(score.cases)}, pairs {dict(score.pairs)}", *score.shown]
        sys.stdout.write("\n  ".join(lines) + "\n")


if __name__ == "__main__":
    main()
