"""The matrix of a program: parties and ports laid out, kinds asked, answers folded. Called by people through
``flowcheck.matrix`` and by the command.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flowcheck.compile import Program, axis_of
from flowcheck.compile.endpoints.addresses import Prefix
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.frozen import compile_at
from flowcheck.counted import agreeing, counted
from flowcheck.engines.profiles import apply
from flowcheck.errors import CompileError
from flowcheck.model.cluster import Cluster
from flowcheck.model.instants import instant_of, instant_text
from flowcheck.model.options import Options
from flowcheck.model.protocols import PROTOCOL_NAMES, WITH_PORTS
from flowcheck.model.timeline import ALWAYS, END
from flowcheck.reach.asking import ask
from flowcheck.reach.folding import Folding
from flowcheck.reach.kinds import kinds_of
from flowcheck.reach.matrix import Matrix
from flowcheck.reach.parties import Party, nodes_of, outside_of, workloads_of
from flowcheck.reach.ports import NO_NUMBER, Stretch, stretches_of
from flowcheck.reach.selecting import Chooser

_PROTOCOLS = {name.upper(): number for number, name in PROTOCOL_NAMES.items()}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of a matrix: ``src`` and ``dst`` as :mod:`flowcheck.reach.selecting` takes them, none is
    everybody; one port, None all; whether nodes are among the parties. ``at``: None is the latest."""

    src: tuple[str, ...] = ()
    dst: tuple[str, ...] = ()
    port: Stretch | None = None
    nodes: bool = False
    at: datetime | None = None


EVERYTHING = Wanted()


def matrix(
    program: Program | Cluster,
    *,
    src: str | Sequence[str] = (),
    dst: str | Sequence[str] = (),
    port: int | None = None,
    protocol: str | int = "TCP",
    nodes: bool = False,
    at: datetime | None = None,
) -> Matrix:
    """Who may reach whom by which ports, by the policies alone: between workloads, and the blocks of
    addresses outside that policies tell apart.

    ``src``, ``dst``: a namespace, ``NS/WORKLOAD``, ``NS/KIND/NAME``, ``NS/POD``, labels (``app=web``), an
    address, a CIDR, ``internet``, or several of them; empty: everybody. ``port``: one port only, of
    ``protocol``; None: all. ``nodes``: all nodes are a party too. ``at``: the moment, where the cluster
    changed; None: the latest.

    A Cluster is compiled first, as the network plugin enforces it that its own objects tell, with the default
    options; for others give what ``compile_program`` made of it.

    Raises: RunError for a name that nobody has; ValueError for a port or protocol there cannot be.
    """
    only = one_port(protocol, port)
    wanted = Wanted(_texts(src), _texts(dst), only, nodes, at)
    return build(at_one_time(program, at), wanted)


def one_port(protocol: str | int, port: int | None) -> Stretch | None:
    """One port as a stretch; a protocol without ports as a whole; None: every port of TCP, UDP and SCTP.

    Raises: ValueError for a port or protocol there cannot be.
    """
    number = _PROTOCOLS.get(protocol.upper(), -1) if isinstance(protocol, str) else protocol
    if not 0 <= number <= 255:
        raise ValueError(f"{protocol!r} is not a protocol; there are {', '.join(_PROTOCOLS)}")
    if port is None:
        return None if number in WITH_PORTS else Stretch(number, NO_NUMBER, NO_NUMBER)
    if number not in WITH_PORTS or not 1 <= port <= 65535:
        raise ValueError(f"{port}/{protocol} is no port: write 1 to 65535, of TCP, UDP or SCTP")
    return Stretch(number, port, port)


def at_one_time(given: Program | Cluster, at: datetime | None) -> Program:
    """The program of the cluster as it was at one instant; where nothing ever changes, the one given."""
    if isinstance(given, Cluster):
        cluster, options, _ = apply(given, Options())
    elif isinstance(given, Program):
        if given.cluster is None:
            raise CompileError("the program was stripped of its cluster, so there is nobody to name")
        if given.cluster.is_static:
            return given
        cluster, options = given.cluster, given.options
    else:
        raise TypeError(f"matrix takes a Program or a Cluster, not a {type(given).__name__}")
    return compile_at(cluster, options, END - 1 if at is None else instant_of(at))


def build(program: Program, wanted: Wanted = EVERYTHING, more: Sequence[Prefix] = ()) -> Matrix:
    """The matrix of a program of one instant. ``more``: blocks that are to be told apart, too."""
    cluster = program.cluster
    if cluster is None:
        raise CompileError("the program was stripped of its cluster, so there is nobody to name")
    axis = axis_of(cluster, program.options)
    parties = [*workloads_of(axis), *(nodes_of(axis) if wanted.nodes else []), *outside_of(axis, more)]
    chooser = Chooser(axis)
    sources = chooser.choose(parties, wanted.src, "--from")
    destinations = chooser.choose(parties, wanted.dst, "--to")
    stretches = stretches_of(program) if wanted.port is None else [wanted.port]
    kinds = kinds_of(program, [member for party in (*sources, *destinations) for member in party.members])
    folding = Folding(ask(program, kinds, stretches))
    cells = folding.fold(kinds, sources, destinations)
    return Matrix(
        sources=sources,
        destinations=destinations,
        stretches=tuple(stretches),
        cells=cells,
        masks=folding.answers(),
        engine=view.sentence if (view := cluster.view) else "",
        at="" if wanted.at is None else instant_text(instant_of(wanted.at)),
        mesh=program.mesh is not None,
        left_out=tuple(map(str, cluster.refused)),
        notes=tuple(_notes(axis, parties, program, wanted.at)),
    )


def prefixes_of(program: Program) -> list[Prefix]:
    """Every prefix that the program tells from those around it: of blocks, and of whoever has an address."""
    assert program.cluster is not None
    return [*axis_of(program.cluster, program.options).owners]


def _notes(axis: Axis, parties: Sequence[Party], program: Program, at: datetime | None) -> list[str]:
    """What the matrix leaves out, and how far what it takes of names reaches."""
    cluster, found = program.cluster, []
    if cluster and cluster.view:
        found += [f"INCOMPLETE: {doubt}" for doubt in cluster.view.doubts]
        if cluster.view.names not in (None, ALWAYS):
            found.append(cluster.view.told_of_names(END - 1 if at is None else instant_of(at)))
    on_host = (
        {(p.namespace, p.name) for p in cluster.pods if p.host_network and not p.finished} if cluster else ()
    )
    if on_host and not any(party.kind == "nodes" for party in parties):
        pods, are = counted(len(on_host), "pod"), agreeing(len(on_host), "is", "are")
        found.append(f"{pods} on a node's network {are} that node to policies: --nodes shows nodes")
    if any(party.kind == "nodes" for party in parties):
        found.append("a pod's own node reaches it whatever is said of all nodes here")
    return found


def _texts(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
