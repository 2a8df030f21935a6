"""Made-up lives of pods and a policy, told by snapshots, a watch and an audit log, held against what was so.

A small API server keeps objects as the real one does: dry runs change nothing, finalizers hold, evictions and
deletions wait for the kubelet unless they have no grace period, a collection is answered as it was before.
What is loaded may leave open when something was so, but never says that it was when it was not.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from flowcheck.model.cluster import Cluster
from flowcheck.model.instants import SECOND
from flowcheck.model.timeline import END
from flowcheck.reading import load_cluster
from tests.history.test_audit_log import RESOURCES, STATUS
from tests.history.timed import Json, at, pod, policy

DAY = at("10:00")
LENGTH = 600
HOLD = "example.com/hold"
Key = tuple[str, str]


def clock(second: int) -> str:
    return f"10:{second // 60:02d}:{second % 60:02d}"


def stamp(second: int) -> str:
    return f"2026-03-10T{clock(second)}Z"


@dataclass
class Server:
    """``truth``: of each uid with what it says of itself, from when until when it was there with its
    address."""

    chance: random.Random
    now: int = 0
    there: dict[Key, Json] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    entries: list[Json] = field(default_factory=list)
    snapshots: list[tuple[int, list[Json]]] = field(default_factory=list)
    began: dict[str, int] = field(default_factory=dict)
    truth: list[tuple[str, int, int]] = field(default_factory=list)
    agenda: list[tuple[int, Key, str]] = field(default_factory=list)
    policies: set[str] = field(default_factory=set)
    made: int = 0

    def log(self, verb: str, thing: Json, answer: Json | None, **parts: object) -> None:
        meta, (group, _, version) = thing["metadata"], thing["apiVersion"].rpartition("/")
        reference = {
            "resource": RESOURCES[thing["kind"]],
            "name": meta["name"],
            "namespace": "x",
            "apiGroup": group,
            "apiVersion": version,
            **({"subresource": parts.pop("subresource")} if "subresource" in parts else {}),
        }
        event = {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse"}
        event |= {"stage": "ResponseComplete", "verb": verb, "objectRef": reference}
        event |= {"responseStatus": {"code": 200}, "stageTimestamp": stamp(self.now)}
        self.entries.append({**event, "responseObject": deepcopy(answer), **parts})

    def tell(self, kind: str, thing: Json) -> None:
        self.events.append({"type": kind, "object": deepcopy(thing), "time": stamp(self.now)})

    def make(self, key: Key) -> None:
        self.made += 1
        uid, held = f"u{self.made}", self.chance.random() < 0.3
        meta = {"finalizers": [HOLD]} if held else {}
        if key[0] == "Pod":
            parts = {"spec": {"nodeName": "k1"}, "started": clock(self.now), "app": self.chance.choice("ab")}
            thing = pod(
                key[1], f"10.0.0.{self.made}", uid=uid, created=clock(self.now), metadata=meta, **parts
            )
        else:
            thing = policy(key[1], uid=uid, created=clock(self.now), metadata=meta)
            self.policies.add(uid)
        self.there[key] = thing
        self.began[uid] = self.now
        self.tell("ADDED", thing)
        self.log("create", thing, thing, responseStatus={"code": 201})

    def relabel(self, thing: Json) -> None:
        thing["metadata"]["labels"]["note"] = str(self.now)
        self.tell("MODIFIED", thing)
        self.log("patch", thing, thing)

    def delete(self, key: Key, thing: Json, how: str) -> None:
        meta = thing["metadata"]
        grace = 20 if key[0] == "Pod" and how != "at once" else 0
        before = deepcopy(thing)
        meta |= {"deletionTimestamp": stamp(self.now + grace), "deletionGracePeriodSeconds": grace}
        if grace or meta.get("finalizers"):
            self.tell("MODIFIED", thing)
            self.agenda.append((self.now + self.chance.randrange(3, 15), key, meta["uid"]))
            answer: Json = thing
        else:
            answer = thing if key[0] == "Pod" else STATUS
            self.gone(key)
        if how == "collection":
            items = {
                "kind": f"{key[0]}List",
                "apiVersion": thing["apiVersion"],
                "metadata": {},
                "items": [before],
            }
            self.log("deletecollection", {**before, "metadata": {"name": ""}}, items)
        elif how == "eviction":
            self.log("create", thing, STATUS, subresource="eviction")
        else:
            self.log("delete", thing, answer)

    def end(self, key: Key, thing: Json) -> None:
        """The kubelet's deletion, or the write that takes the last finalizer away."""
        meta = thing["metadata"]
        waited = bool(meta["deletionGracePeriodSeconds"])
        if waited:
            meta |= {"deletionTimestamp": stamp(self.now), "deletionGracePeriodSeconds": 0}
        if waited and meta.get("finalizers"):
            self.tell("MODIFIED", thing)
            self.log("delete", thing, thing)
            self.agenda.append((self.now + self.chance.randrange(1, 9), key, meta["uid"]))
            return
        verb = "patch" if meta.pop("finalizers", None) else "delete"
        self.gone(key)
        self.log(verb, thing, thing)

    def gone(self, key: Key) -> None:
        thing = self.there.pop(key)
        uid = thing["metadata"]["uid"]
        self.tell("DELETED", thing)
        self.truth.append((uid, self.began.pop(uid), self.now))

    def step(self) -> None:
        for due in [one for one in self.agenda if one[0] <= self.now]:
            self.agenda.remove(due)
            thing = self.there.get(due[1])
            if thing is not None and thing["metadata"]["uid"] == due[2]:
                self.end(due[1], thing)
        key = self.chance.choice([("Pod", "p"), ("Pod", "q"), ("NetworkPolicy", "n")])
        thing = self.there.get(key)
        if thing is None:
            self.make(key)
        elif "deletionTimestamp" in thing["metadata"]:
            return
        elif (what := self.chance.random()) < 0.4:
            self.relabel(thing)
        elif what < 0.6:
            dry = {"kind": "DeleteOptions", "dryRun": ["All"]}
            self.log("delete", thing, thing if key[0] == "Pod" else STATUS, requestObject=dry)
        else:
            ways = ["delete", "at once", "collection", *(["eviction"] if key[0] == "Pod" else [])]
            self.delete(key, thing, self.chance.choice(ways))

    def live(self) -> None:
        while self.now < LENGTH:
            if self.now % 45 == 0:
                self.snapshots.append((self.now, deepcopy(list(self.there.values()))))
            if self.chance.random() < 0.4 or self.agenda:
                self.step()
            self.now += 1
        self.truth += [(uid, began, LENGTH) for uid, began in self.began.items()]


def lines(things: list[Json]) -> str:
    return "".join(json.dumps(one) + "\n" for one in things)


def write(server: Server, how: str, folder: Path) -> None:
    if how == "snapshots":
        for second, items in server.snapshots:
            text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
            (folder / f"{stamp(second).replace(':', '-')}.json").write_text(text)
    elif how == "audit":
        (folder / "audit.log").write_text(lines(server.entries))
    else:
        for kind in ("Pod", "NetworkPolicy"):
            mine = [one for one in server.events if one["object"]["kind"] == kind]
            if how == "watch":
                mine = [{key: value for key, value in one.items() if key != "time"} for one in mine]
            (folder / f"{kind}.jsonl").write_text(lines(mine))


def wrong(server: Server, cluster: Cluster) -> Iterator[str]:
    """Where a pod is said to have been surely, and was not; or to have been gone, and was there."""
    alive = {uid: (DAY + began * SECOND, DAY + end * SECOND) for uid, began, end in server.truth}
    last = DAY + LENGTH * SECOND
    for one in cluster.pods:
        began, end = alive[one.uid]
        life = one.lifetime
        if max(life.sure_start, life.start) < life.sure_end:
            if life.sure_start < began:
                yield f"{one.uid} surely there from {life.sure_start}, was from {began}"
            if min(life.sure_end, last) > end and life.sure_end != END:
                yield f"{one.uid} surely there until {life.sure_end}, was until {end}"
            if life.sure_end == END and end < last:
                yield f"{one.uid} surely there for ever, was until {end}"
    policies = [alive[uid] for uid in alive if uid in server.policies]
    for held in cluster.policies:
        life = held.lifetime
        sure = max(life.sure_start, life.start), min(life.sure_end, last)
        if sure[0] < sure[1] and not any(began <= sure[0] and sure[1] <= end for began, end in policies):
            yield f"the policy surely in force {sure}, was {policies}"
    for uid, (_began, end) in alive.items():
        ends = [one.lifetime.end for one in cluster.pods if one.uid == uid]
        if ends and max(ends) < end:
            yield f"{uid} gone at {max(ends)}, was there until {end}"


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(
    "how", ["snapshots", "watch", "watch-timed", "audit", "audit+snapshots", "watch+audit"]
)
def test_nothing_is_said_to_have_been_that_was_not(how: str, seed: int, tmp_path: Path) -> None:
    server = Server(random.Random(seed))
    server.live()
    for one in how.split("+"):
        (tmp_path / one).mkdir()
        write(server, one, tmp_path / one)
    assert list(wrong(server, load_cluster([tmp_path]))) == []


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("how", ["watch-timed", "audit"])
def test_what_tells_every_change_tells_every_life(how: str, seed: int, tmp_path: Path) -> None:
    """Whoever went, went at that second; but for evictions, after which a log may be silent."""
    server = Server(random.Random(seed))
    server.live()
    write(server, how, tmp_path)
    cluster = load_cluster([tmp_path])
    found = {one.uid: max(p.lifetime.end for p in cluster.pods if p.uid == one.uid) for one in cluster.pods}
    for uid, began, end in server.truth:
        if uid in found and end < LENGTH and began < end:
            assert found[uid] == DAY + end * SECOND
