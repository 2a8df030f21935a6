"""Hand-built results of the load for the report tests; no counting takes part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from flowcheck.balance.assess.chance import fit_shares
from flowcheck.balance.count.measures import measure, wilson_interval
from flowcheck.balance.tell.records import (
    BucketLoad,
    ChoiceLoad,
    ClientLoad,
    ClientsLoad,
    EndpointLoad,
    GroupLoad,
    PlaceLoad,
    ServiceLoad,
    ShareLoad,
    SplitLoad,
    TimeLoad,
)
from flowcheck.balance.tell.result import LoadResult
from tests.reports.build import HOSTILE

CLASSES = {
    "vip+endpoint": 20_000,
    "vip": 1_200,
    "nodeport": 0,
    "endpoint": 88_000,
    "ambiguous": 340,
    "endpoint_other_port": 12,
    "none": 61_000,
    "refused": 950,
    "unknown_initiator": 0,
}


def make_endpoints(name: str, counts: Sequence[int], states: dict[int, str]) -> tuple[EndpointLoad, ...]:
    """Endpoints that are all expected to have the same."""
    n, k = sum(counts), len(counts)
    low, high = wilson_interval(np.array(counts), n) if n else (np.zeros(k), np.zeros(k))
    return tuple(
        EndpointLoad(
            endpoint=f"shop/Pod/{name}-5c7f-{'abcdefghijklmnop'[i]}",
            address=f"10.244.{i % 3}.{i + 7}",
            workload=f"shop/Deployment/{name}",
            generation="5c7f" if i else "84bd",
            node=f"node-{i % 3 + 1}",
            zone="ab"[i % 2],
            state=states.get(i, ""),
            connections=count,
            bytes=count * 1400,
            packets=count * 11,
            share=count / n if n else 0.0,
            expected=1 / k,
            ratio=count * k / n if n else None,
            low=float(low[i]),
            high=float(high[i]),
            ambiguous=0,
            estimated=0,
        )
        for i, count in enumerate(counts)
    )


def make_time(counts: Sequence[int], *, one_sided: bool = False, stretches: int = 48) -> TimeLoad:
    """A day in half hours; one-sided: one endpoint after the other has everything."""
    series = []
    for number in range(stretches):
        swing = 1 + 0.6 * np.sin(2 * np.pi * number / stretches - 1.5)
        row = [int(count * swing / stretches) for count in counts]
        if one_sided:
            row = [sum(row) if place == number * len(row) // stretches else 0 for place in range(len(row))]
        total = sum(row)
        squares = sum(c * c for c in row)
        series.append(
            BucketLoad(
                start=f"2026-03-10T{number // 2:02}:{number % 2 * 30:02}:00Z",
                connections=total,
                jain=total * total / (len(row) * squares) if squares else 1.0,
                by_endpoint=tuple(row),
            )
        )
    return TimeLoad(
        one_sided=one_sided,
        statistic=4000.0 if one_sided else 90.0,
        freedom=94,
        p=0.0 if one_sided else 0.6,
        p_adjusted=0.0 if one_sided else 0.8,
        excess_cv=1.1 if one_sided else 0.0,
        longest_run=16 if one_sided else 0,
        longest_run_connections=1000 if one_sided else 0,
        bucket_seconds=60,
        series_seconds=1800,
        series=tuple(series),
    )


def make_service(name: str, counts: Sequence[int], state: str = "balanced", **changes: Any) -> ServiceLoad:
    states = changes.pop("states", {})
    one_sided = changes.pop("one_sided", False)
    n, array = sum(counts), np.array(counts, dtype=np.int64)
    even = np.full(len(counts), n / max(len(counts), 1))
    found = measure(array, even) if n and len(counts) > 1 else None
    fit = fit_shares(array, even)
    endpoints = make_endpoints(name, counts, states)
    values: dict[str, Any] = {
        "namespace": "shop",
        "service": name,
        "port_name": "http",
        "port": 80,
        "protocol": "TCP",
        "type": "ClusterIP",
        "state": state,
        "why": "",
        "significant": fit.p < 0.05,
        "over_even": False,
        "tolerated": state == "balanced",
        "estimated": False,
        "connections": n,
        "tested": n,
        "untested": 0,
        "unexpected": 0,
        "unlocated": 0,
        "ambiguous": 0,
        "other_port": 0,
        "bytes": n * 1400,
        "packets": n * 11,
        "expected_endpoints": len(counts),
        "snapshots": 1,
        "peak_to_average": found.peak_to_average if found else None,
        "cv": found.cv if found else None,
        "jain": found.jain if found else None,
        "effective_endpoints": found.effective if found else None,
        "gini": found.gini if found else None,
        "entropy": found.entropy if found else None,
        "misplaced": found.misplaced if found else None,
        "method": fit.method,
        "statistic": fit.statistic if found else None,
        "freedom": fit.freedom,
        "p": fit.p if found else None,
        "p_adjusted": min(1.0, fit.p * 4) if found else None,
        "dispersion": fit.statistic / fit.freedom if found else None,
        "endpoints": endpoints,
        "groups": _groups(name, endpoints),
        "time": make_time(counts, one_sided=one_sided) if n else None,
        "places": PlaceLoad(
            same_node=n // 4,
            same_zone=n // 4,
            other_zone=n // 2,
            other_node=0,
            unknown=n - n // 4 * 2 - n // 2,
            bytes_same_node=n * 350,
            bytes_same_zone=n * 350,
            bytes_other_zone=n * 700,
            bytes_other_node=0,
            bytes_unknown=0,
            expected_same_zone=None,
        ),
        "clients": ClientsLoad(
            distinct=42,
            exact=True,
            unidentified=n // 10,
            follow=False,
            design_effect=1.0,
            stray=None,
            heaviest=tuple(
                ClientLoad(client=f"shop/Pod/web-{i}", connections=n // (i + 3), share=1 / (i + 3))
                for i in range(3)
            ),
        ),
    }
    return ServiceLoad(**{**values, **changes})


def _groups(name: str, endpoints: tuple[EndpointLoad, ...]) -> tuple[GroupLoad, ...]:
    return tuple(
        GroupLoad(
            workload=f"shop/Deployment/{name}",
            generation=generation,
            endpoints=len(group),
            connections=sum(e.connections for e in group),
            share=sum(e.share for e in group),
            expected=len(group) / len(endpoints),
        )
        for generation in ("84bd", "5c7f")
        if (group := [e for e in endpoints if e.generation == generation])
    )


def make_load() -> LoadResult:
    """One of everything, in the order of urgency."""
    return LoadResult(
        services=(
            make_service("gateway", (6000, 3000, 1000), "skewed", states={0: "hot"}, snapshots=3),
            make_service("cart", (5000, 5000, 0), "skewed", states={2: "idle"}, unexpected=0),
            make_service("search", (3000, 3000, 3000), one_sided=True, over_even=True),
            make_service("billing", (500, 480, 1), states={2: "unexpected"}, unexpected=1),
            make_service(
                "catalog", (12_100, 11_900, 12_050, 11_950, 12_000, 12_000, 12_010, 11_990), unlocated=1200
            ),
            make_service("session", (30, 20, 10), "insufficient", why="few_clients"),
            make_service("dns", (900,), "not_applicable", why="single_endpoint", protocol="UDP", port=53),
            make_service("ledger", (400, 200), "not_applicable", why="headless", type="Headless"),
            make_service("quiet", (), "insufficient", why="no_connections", port_name=""),
        ),
        classes=CLASSES,
        warnings=("time buckets are 4 minutes wide: there is too much to keep every minute",),
    )


def make_split(**changes: Any) -> SplitLoad:
    """A canary of 20 % that gets 3 %."""
    targets = (("v1", 80, 2, 1940, 0.97, 0.8), ("v2", 20, 1, 60, 0.03, 0.2), ("v3", 0, 1, 0, 0.0, 0.0))
    values: dict[str, Any] = {
        "route": "VirtualService shop/cart",
        "rule": "http[1]",
        "place": "shop.yaml:12",
        "by": ("sidecar",),
        "since": "2026-03-10T08:00:00Z",
        "until": None,
        "verdict": "off_target",
        "why": "weights",
        "weighs": "requests",
        "asks": ("headers",),
        "connections": 2000,
        "zero_weight": 0,
        "missing": 0.0,
        "misplaced": 0.17,
        "significant": True,
        "tolerated": False,
        "method": "exact",
        "statistic": 361.25,
        "freedom": 1,
        "p": 1e-90,
        "p_adjusted": 2e-90,
        "design_effect": 1.0,
        "targets": tuple(
            ShareLoad(
                target=target,
                weight=weight,
                endpoints=endpoints,
                connections=connections,
                share=share,
                expected=expected,
                low=max(0.0, share - 0.01),
                high=min(1.0, share + 0.01),
            )
            for target, weight, endpoints, connections, share, expected in targets
        ),
    }
    return SplitLoad(**{**values, **changes})


def make_routed_load() -> LoadResult:
    """What routes divide: off target, not tested, of weight 0, of a hostile name."""
    choice = ChoiceLoad(
        by=("sidecar",),
        balancer="LEAST_REQUEST",
        rules=("DestinationRule shop/cart",),
        ejects=True,
        divided=True,
        unclear=(),
    )
    zero = make_split(
        why="zero_weight",
        zero_weight=7,
        missing=0.1,
        tolerated=True,
        until="2026-03-10T09:00:00Z",
        since=None,
    )
    quiet = make_split(verdict="not_tested", why="told_apart", p=None, p_adjusted=None, tolerated=None)
    on = make_split(verdict="on_target", why="", weighs="connections", asks=(), tolerated=True)
    (share, *_) = on.targets
    hostile = make_split(
        route=f"HTTPRoute {HOSTILE}", place=HOSTILE, targets=(msgspec.structs.replace(share, target=HOSTILE),)
    )
    odd = msgspec.structs.replace(
        choice, by=("kube-proxy",), balancer="", rules=(), unclear=("several_routes",)
    )
    return LoadResult(
        services=(
            make_service(
                "cart", (970, 970, 60, 0), states={3: "idle"}, choice=choice, splits=(make_split(), on)
            ),
            make_service("zero", (500, 500), choice=choice, splits=(zero,)),
            make_service("hostile", (500, 500), splits=(hostile,)),
            make_service("quiet", (500, 500), "not_applicable", why="routed", choice=odd, splits=(quiet,)),
        ),
        classes=CLASSES,
    )


def make_hostile_load() -> LoadResult:
    """Every name that comes from outside is :data:`HOSTILE`."""
    (endpoint, *rest) = make_endpoints("a", (600, 300, 100), {0: "hot"})
    values = dict.fromkeys(("endpoint", "address", "workload", "generation", "node", "zone"), HOSTILE)
    hostile = EndpointLoad(**{**{f: getattr(endpoint, f) for f in endpoint.__struct_fields__}, **values})
    service = make_service(
        HOSTILE,
        (600, 300, 100),
        "skewed",
        namespace=f"={HOSTILE}",
        port_name=HOSTILE,
        endpoints=(hostile, *rest),
        groups=tuple(
            GroupLoad(workload=HOSTILE, generation=g, endpoints=1, connections=500, share=0.5, expected=None)
            for g in (HOSTILE, "x")
        ),
        clients=ClientsLoad(
            distinct=1,
            exact=False,
            unidentified=0,
            follow=True,
            design_effect=3.0,
            stray=2,
            heaviest=(ClientLoad(client=HOSTILE, connections=7, share=0.1),),
        ),
    )
    return LoadResult(services=(service,), classes=CLASSES)
