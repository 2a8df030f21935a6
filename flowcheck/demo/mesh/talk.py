"""Who talked to whom in the third sample, what its proxies did of that, and what an audit has to say of it.

The counts are the plan that the logs are made by, never an audit's output.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple


class Plane(Enum):
    """What carries a pod's connections."""

    SIDECAR = auto()
    AMBIENT = auto()
    NONE = auto()


class Log(Enum):
    ENVOY = "sidecars.jsonl.gz"
    ZTUNNEL = "ztunnel.log.gz"
    HUBBLE = "hubble.jsonl.gz"


FORWARDED, DENIED = "forwarded_denied", "denied"
"""What policies deny and no log says was stopped; what a proxy's log says it refused, as they ask."""


class Pod(NamedTuple):
    address: str
    node: str
    plane: Plane
    account: str = "default"


PODS = {
    "web/page-0": Pod("10.30.1.11", "node-1", Plane.SIDECAR, "page"),
    "web/page-1": Pod("10.30.2.11", "node-2", Plane.SIDECAR, "page"),
    "web/reviews-v1-0": Pod("10.30.1.12", "node-1", Plane.SIDECAR, "reviews"),
    "web/reviews-v1-1": Pod("10.30.2.12", "node-2", Plane.SIDECAR, "reviews"),
    "web/reviews-v2-0": Pod("10.30.2.13", "node-2", Plane.SIDECAR, "reviews"),
    "stock/shelf-0": Pod("10.30.1.21", "node-1", Plane.AMBIENT, "shelf"),
    "stock/shelf-1": Pod("10.30.2.21", "node-2", Plane.AMBIENT, "shelf"),
    "stock/ledger-0": Pod("10.30.1.22", "node-1", Plane.AMBIENT, "ledger"),
    "batch/import-0": Pod("10.30.2.31", "node-2", Plane.AMBIENT, "import"),
    "tools/scraper-0": Pod("10.30.1.41", "node-1", Plane.NONE),
    "tools/report-0": Pod("10.30.2.42", "node-2", Plane.NONE),
}
SERVICES = {
    "reviews": "10.97.0.2",
    "shelf": "10.97.0.3",
    "ledger": "10.97.0.4",
}
"""The address of each Service that is dialled by its name."""
OTHER_CLUSTER = ("198.51.100.20", "198.51.100.21")
"""Pods of a second cluster of the mesh, which run as the shelf does here."""


def identity(name: str) -> str:
    """What a pod's certificate says, of the second cluster's too."""
    name = "stock/shelf-0" if name in OTHER_CLUSTER else name
    return f"spiffe://cluster.local/ns/{name.partition('/')[0]}/sa/{PODS[name].account}"


def plane_of(name: str) -> Plane:
    """Of a pod; the second cluster is ambient, the rest of the world in no mesh."""
    if name in OTHER_CLUSTER:
        return Plane.AMBIENT
    return PODS[name].plane if name in PODS else Plane.NONE


@dataclass(frozen=True)
class Talk:
    """Connections of one kind, as many to each destination. ``refused``: by which policy the destination's
    proxy did, as it names it; "-": it names none. ``method``, ``path``: of its requests. ``found``: what an
    audit says of how many records of a log: a kind of violation, the reason of an unknown, or DENIED."""

    what: str
    sources: tuple[str, ...]
    destinations: dict[str, int]
    port: int
    service: str = ""
    refused: str = ""
    method: str = "GET"
    path: str = "/"
    found: dict[Log, dict[str, int]] = field(default_factory=dict)

    @property
    def connections(self) -> int:
        return sum(self.destinations.values())

    @property
    def records(self) -> dict[Log, int]:
        """Of each log: the network's has one for each connection, and each proxy on the way."""
        planes = (plane_of(self.sources[0]), plane_of(next(iter(self.destinations))))
        ends = 1 if planes[0] is not planes[1] or self.sources[0] not in PODS else 2
        of_mesh = Log.ENVOY if planes[1] is Plane.SIDECAR else Log.ZTUNNEL
        return {of_mesh: ends * self.connections, Log.HUBBLE: self.connections}


_PAGE, _CUSTOMERS = ("web/page-0", "web/page-1"), ("203.0.113.7", "203.0.113.80")
_REVIEWS = {"web/reviews-v1-0": 290, "web/reviews-v1-1": 292, "web/reviews-v2-0": 18}
"""Of 600 connections the canary has 3 in 100, where the route gives it 20."""
_IMPORT, _SCRAPER = ("batch/import-0",), ("tools/scraper-0",)

ORDINARY = (
    Talk("customers at the page", _CUSTOMERS, {"web/page-0": 200, "web/page-1": 200}, 8080),
    Talk(
        "the import writes to the shelf",
        *(_IMPORT, {"stock/shelf-0": 120, "stock/shelf-1": 120}, 8080, "shelf"),
    ),
    Talk(
        "the shelf writes to the ledger",
        *(("stock/shelf-0", "stock/shelf-1"), {"stock/ledger-0": 300}, 5432, "ledger"),
    ),
    Talk(
        "the scraper reads the shelf's numbers in plaintext, on the port that is PERMISSIVE",
        *(_SCRAPER, {"stock/shelf-0": 60, "stock/shelf-1": 60}, 9090),
    ),
)
EXPECTED = (
    Talk(
        "the import asks the ledger, which AuthorizationPolicy ledger-no-batch denies to its namespace",
        *(_IMPORT, {"stock/ledger-0": 14}, 5432, "ledger"),
        refused="stock/ledger-no-batch",
        found={Log.ZTUNNEL: {DENIED: 28}, Log.HUBBLE: {FORWARDED: 14}},
    ),
    Talk(
        "the scraper reads the ledger's numbers in plaintext; PeerAuthentication strict wants mutual TLS",
        *(_SCRAPER, {"stock/ledger-0": 11}, 9090),
        refused="istio-system/istio_converted_static_strict",
        found={Log.ZTUNNEL: {DENIED: 11}, Log.HUBBLE: {FORWARDED: 11}},
    ),
    Talk(
        "the page deletes a review; AuthorizationPolicy reviews lets it read only",
        *(_PAGE, {"web/reviews-v1-0": 5, "web/reviews-v1-1": 4}, 8080, "reviews"),
        refused="-",
        method="DELETE",
        path="/reviews/7",
        found={Log.ENVOY: {DENIED: 9, FORWARDED: 9}, Log.HUBBLE: {"needs_l7": 9}},
    ),
    Talk(
        "a report asks the page, which NetworkPolicy page keeps for customers",
        *(("tools/report-0",), {"web/page-0": 8, "web/page-1": 7}, 8080),
        found={Log.ENVOY: {FORWARDED: 15}, Log.HUBBLE: {FORWARDED: 15}},
    ),
    Talk(
        "the page reads reviews, which the network's log does not tell from deleting them",
        *(_PAGE, _REVIEWS, 8080, "reviews"),
        path="/reviews/7",
        found={Log.HUBBLE: {"needs_l7": 600}},
    ),
    Talk(
        "the second cluster's shelf writes to the ledger; the network's log does not tell who it is",
        *(OTHER_CLUSTER, {"stock/ledger-0": 50}, 5432),
        found={Log.HUBBLE: {"needs_identity": 50}},
    ),
)
TALKS = (*ORDINARY, *EXPECTED)


def planted() -> Counter[str]:
    """How many records an audit of all logs has to find, by kind of violation, and as ``unknown``."""
    found: Counter[str] = Counter()
    for talk in EXPECTED:
        for said in talk.found.values():
            for word, records in said.items():
                found["unknown" if word.startswith("needs_") else word] += records
    return found
