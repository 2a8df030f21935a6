"""The records of the load: what stands in the reports and tables of ``flowcheck load``.

They are a promise to other people's scripts, so they are built on purpose and numbered (``SCHEMA``). Counts
are exact integers, shares go from 0 to 1, times are RFC 3339 in UTC. A measure that does not exist is None.
"""

from __future__ import annotations

import msgspec

SCHEMA = 1


class EndpointLoad(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One endpoint of a service port.

    ``state``: empty, ``hot`` (more than chance and the threshold allow), ``idle`` (usable and without a
    connection, which chance does not explain), ``unexpected`` (not usable for whoever reached it).
    ``share`` is of the connections at all endpoints; ``expected``, ``low`` and ``high`` (the 95 % interval of
    the share) are of those at expected ones, None where nothing is expected. ``ratio`` is connections over
    expectation. ``ambiguous`` are connections that may have been another Service's; ``estimated`` the part of
    them given to this one where that was asked for.
    """

    endpoint: str
    address: str
    workload: str
    generation: str
    node: str
    zone: str
    state: str
    connections: int
    bytes: int
    packets: int
    share: float
    expected: float | None
    ratio: float | None
    low: float | None
    high: float | None
    ambiguous: int
    estimated: int


class BucketLoad(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One stretch of time. ``by_endpoint`` are connections in the order of ``ServiceLoad.endpoints``."""

    start: str
    connections: int
    jain: float
    by_endpoint: tuple[int, ...]


class TimeLoad(msgspec.Struct, frozen=True, kw_only=True):
    """A service port over time. ``one_sided``: its spread differs between buckets by more than chance, and by
    as much as the threshold. ``longest_run`` buckets on end had all connections at one endpoint.
    ``bucket_seconds`` is the width that was tested, ``series_seconds`` that of ``series``."""

    one_sided: bool
    statistic: float
    freedom: int
    p: float
    p_adjusted: float | None
    excess_cv: float
    longest_run: int
    longest_run_connections: int
    bucket_seconds: int
    series_seconds: int
    series: tuple[BucketLoad, ...]


class PlaceLoad(msgspec.Struct, frozen=True, kw_only=True):
    """Connections and bytes by where they went, seen from the client. ``other_node``: in a zone nobody knows.
    ``expected_same_zone``: the share that topology hints or Local policies would keep in the zone."""

    same_node: int
    same_zone: int
    other_zone: int
    other_node: int
    unknown: int
    bytes_same_node: int
    bytes_same_zone: int
    bytes_other_zone: int
    bytes_other_node: int
    bytes_unknown: int
    expected_same_zone: float | None


class ClientLoad(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    client: str
    connections: int
    share: float


class ClientsLoad(msgspec.Struct, frozen=True, kw_only=True):
    """The clients of a service port. ``distinct`` single senders, estimated where ``exact`` is false;
    ``unidentified`` connections came from addresses that may be many senders. ``follow``: connections follow
    their clients, which makes the variance ``design_effect`` times that of independent ones. ``stray``:
    connections that ClientIP affinity should have sent elsewhere, None without affinity."""

    distinct: int
    exact: bool
    unidentified: int
    follow: bool
    design_effect: float
    stray: int | None
    heaviest: tuple[ClientLoad, ...]


class GroupLoad(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The endpoints of one generation of one workload: old and new pods during a roll-out."""

    workload: str
    generation: str
    endpoints: int
    connections: int
    share: float
    expected: float | None


class ShareLoad(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one target of a route had: a subset or a Service, or endpoints that several targets have in common
    (then ``weight`` is None). ``share`` (95 % interval: ``low`` to ``high``) and ``expected`` are of what
    reached targets with endpoints and a weight; the share of any other is of everything."""

    target: str
    weight: int | None
    endpoints: int
    connections: int
    share: float
    expected: float
    low: float
    high: float


class SplitLoad(msgspec.Struct, frozen=True, kw_only=True):
    """How a rule of a route divided a service port's connections in one stretch of time.

    ``route`` and ``rule`` stand at ``place``; ``by`` are the proxies that divide. ``verdict``: ``on_target``,
    ``off_target`` or ``not_tested``; ``why``: see :mod:`flowcheck.balance.split.judge`. ``weighs``: requests
    or connections, of which the latter are counted. ``asks``: on what a match hangs that counts do not tell.
    ``missing``: the part of everything that was for targets without endpoints. ``zero_weight``:
    connections at endpoints that should have had none. ``significant``, ``tolerated``, ``misplaced``,
    ``p_adjusted``: as of a service port, over all splits. ``design_effect``: 1, or more where
    connections follow their clients. ``since``, ``until``: None without an end.
    """

    route: str
    rule: str
    place: str
    by: tuple[str, ...]
    since: str | None
    until: str | None
    verdict: str
    why: str
    weighs: str
    asks: tuple[str, ...]
    connections: int
    zero_weight: int
    missing: float
    misplaced: float | None
    significant: bool
    tolerated: bool | None
    method: str
    statistic: float | None
    freedom: int
    p: float | None
    p_adjusted: float | None
    design_effect: float
    targets: tuple[ShareLoad, ...]


class ChoiceLoad(msgspec.Struct, frozen=True, kw_only=True):
    """Who chose the endpoints (``by``) and how, as ``rules`` say. ``ejects``: an endpoint that answers with
    errors may be left out. ``divided``: of an endpoint its part of what its version had is expected.
    ``unclear``: why its routes are not known."""

    by: tuple[str, ...]
    balancer: str
    rules: tuple[str, ...]
    ejects: bool
    divided: bool
    unclear: tuple[str, ...]


class ServiceLoad(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One service port.

    ``state`` and ``why``: see :mod:`flowcheck.balance.assess.states`. ``significant``: chance does not
    explain the difference, whatever its size. ``over_even``: evener than chance, as round robin is.
    ``tolerated``: every share is within 0.05 of the expected, which is what Gateway API conformance asks of
    weights.

    ``connections`` (certainly this Service's) = ``tested`` + ``untested`` (nothing is expected: origin not
    known, or headless) + ``unexpected`` + ``unlocated`` (the record has the Service's address and no
    endpoint). ``ambiguous`` may be this Service's; ``other_port`` reached its endpoints on a port of no
    Service. ``snapshots``: how many versions of the backends were known. ``choice`` and ``splits`` only where
    proxies of a mesh or a gateway have to do with it.
    """

    namespace: str
    service: str
    port_name: str
    port: int
    protocol: str
    type: str
    state: str
    why: str
    significant: bool
    over_even: bool
    tolerated: bool | None
    estimated: bool
    connections: int
    tested: int
    untested: int
    unexpected: int
    unlocated: int
    ambiguous: int
    other_port: int
    bytes: int
    packets: int
    expected_endpoints: int
    snapshots: int
    peak_to_average: float | None
    cv: float | None
    jain: float | None
    effective_endpoints: float | None
    gini: float | None
    entropy: float | None
    misplaced: float | None
    method: str
    statistic: float | None
    freedom: int
    p: float | None
    p_adjusted: float | None
    dispersion: float | None
    endpoints: tuple[EndpointLoad, ...]
    groups: tuple[GroupLoad, ...]
    time: TimeLoad | None
    places: PlaceLoad
    clients: ClientsLoad
    choice: ChoiceLoad | None = None
    splits: tuple[SplitLoad, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.namespace}/{self.service}"

    def __repr__(self) -> str:
        port = f"{self.name}:{self.port}/{self.protocol}"
        return f"<ServiceLoad {port!r} state={self.state} connections={self.connections}>"
