"""Watch streams: exact edges where the envelope has a time, the object's own times where not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowcheck.errors import ManifestError
from flowcheck.model.timeline import BEGINNING, END
from flowcheck.reading import load_cluster
from tests.history.timed import (
    at,
    event,
    life,
    namespace,
    pod,
    policy,
    seen,
    slice_of,
    snapshot,
    stamp,
    watch,
)


def managed(clock: str) -> dict[str, Any]:
    return {"managedFields": [{"manager": "kubectl-label", "time": stamp(clock)}]}


def test_events_with_a_time_give_exact_edges(tmp_path: Path) -> None:
    """As in the normal case: a snapshot to begin with, and a watch from then on."""
    snapshot(tmp_path, "10:00", pod(started="09:00"), policy(created="08:00"))
    watch(
        tmp_path,
        event("ADDED", pod(started="09:00"), "10:00:01"),
        event("ADDED", policy(created="08:00"), "10:00:01"),
        event("MODIFIED", pod(started="09:00", app="b"), "10:02"),
        event("MODIFIED", policy(port=81, created="08:00"), "10:03"),
        event("DELETED", pod(started="09:00", app="b"), "10:04:30.5"),
    )
    cluster = load_cluster(tmp_path)
    first, second = seen(cluster)
    assert first.lifetime == life("09:00", "10:02", "10:00", "10:02")
    assert second.lifetime == life("10:02", "10:04:30.5", "10:02", "10:04:30.5")
    first, second = seen(cluster, "policies", "n")
    assert first.lifetime == life("08:00", "10:03", "08:00", "10:03")
    assert second.lifetime == life("10:03", END, "10:03", END)


def test_what_a_stream_follows_surely_goes_on(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod(started="09:00"), policy(created="08:00"))
    watch(tmp_path, event("MODIFIED", pod("q", "10.0.0.2"), "10:02"))
    cluster = load_cluster(tmp_path)
    assert seen(cluster)[0].lifetime == life("09:00", END, "10:00", END)
    assert seen(cluster, "policies", "n")[0].lifetime.sure_end == at("10:00")


def test_what_a_watch_does_not_list_may_have_gone_before_it_began(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod(started="09:00"), pod("q", "10.0.0.2", "09:00"))
    watch(tmp_path, event("ADDED", pod("q", "10.0.0.2", "09:00"), "10:02"))
    cluster = load_cluster(tmp_path)
    assert seen(cluster)[0].lifetime == life("09:00", END, "10:00", "10:00")
    assert seen(cluster, name="q")[0].lifetime.sure_end == END


def test_a_stream_that_ended_before_the_last_snapshot_does_not(tmp_path: Path) -> None:
    watch(tmp_path, event("ADDED", pod(started="09:00"), "10:02"))
    snapshot(tmp_path, "10:05", pod(started="09:00"))
    assert seen(load_cluster(tmp_path))[0].lifetime.sure_end == at("10:05")


def test_a_list_at_the_beginning_of_a_watch_is_no_change(tmp_path: Path) -> None:
    """What changed since the snapshot did so some time in between."""
    snapshot(tmp_path, "10:00", pod(started="09:00"))
    watch(tmp_path, event("ADDED", pod(started="09:00", app="b"), "10:05"))
    first, second = seen(load_cluster(tmp_path))
    assert first.lifetime == life("09:00", "10:05", "10:00", "10:00")
    assert second.lifetime == life("10:00", END, "10:05", END)


def test_the_times_of_an_envelope_may_be_numbers(tmp_path: Path) -> None:
    """As jq's ``now`` gives them."""
    watch(tmp_path, {**event("DELETED", pod(started="09:00")), "time": at("10:00") / 1_000_000 + 0.25})
    assert seen(load_cluster(tmp_path))[0].lifetime.end == at("10:00") + 250_000


def test_events_are_taken_in_the_order_of_their_times(tmp_path: Path) -> None:
    """Those of one time as they stand; one that stands twice says nothing new."""
    watch(
        tmp_path,
        event("ADDED", pod(started="09:00"), "10:00"),
        event("MODIFIED", pod(started="09:00", app="c"), "10:02"),
        event("MODIFIED", pod(started="09:00", app="b"), "10:01"),
        event("MODIFIED", pod(started="09:00", app="b"), "10:01"),
        event("MODIFIED", pod(started="09:00", app="d"), "10:02"),
    )
    versions = seen(load_cluster(tmp_path))
    assert [one.labels["app"] for one in versions] == ["a", "b", "d"]
    assert versions[1].lifetime == life("10:01", "10:02", "10:01", "10:02")


def test_a_first_sight_that_is_a_change_says_nothing_of_before(tmp_path: Path) -> None:
    watch(
        tmp_path,
        event("MODIFIED", pod(started="09:00", created="08:59"), "10:00"),
        event("MODIFIED", policy(created="08:00"), "10:00"),
    )
    cluster = load_cluster(tmp_path)
    assert seen(cluster)[0].lifetime == life("09:00", END, "10:00", END)
    assert seen(cluster, "policies", "n")[0].lifetime == life("08:00", END, "10:00", END)


def test_an_object_that_was_only_seen_to_go(tmp_path: Path) -> None:
    watch(tmp_path, event("DELETED", policy(created="08:00"), "10:00"))
    (only,) = seen(load_cluster(tmp_path), "policies", "n")
    assert (only.lifetime.start, only.lifetime.end) == (at("08:00"), at("10:00"))


def test_deleted_and_made_anew(tmp_path: Path) -> None:
    watch(
        tmp_path,
        event("ADDED", policy(uid="1", created="08:00"), "10:00"),
        event("DELETED", policy(uid="1", created="08:00"), "10:01"),
        event("ADDED", policy(uid="2", created="10:03"), "10:03:00.4"),
        event("DELETED", policy(uid="1", created="08:00"), "10:04"),
    )
    first, second = seen(load_cluster(tmp_path), "policies", "n")
    assert first.lifetime == life("08:00", "10:01", "08:00", "10:01")
    assert second.lifetime == life("10:03", END, "10:03", END)


def test_a_snapshot_taken_while_a_stream_ran_does_not_end_what_it_lacks(tmp_path: Path) -> None:
    """The pod came in the same second; a stream would have told had it gone."""
    watch(
        tmp_path,
        event("MODIFIED", pod("q", "10.0.0.2"), "10:00"),
        event("ADDED", pod(created="10:05"), "10:05:00.2"),
        event("MODIFIED", pod("q", "10.0.0.2"), "10:10"),
    )
    snapshot(tmp_path, "10:05:01", pod("q", "10.0.0.2"))
    assert seen(load_cluster(tmp_path))[0].lifetime.end == END


def test_a_watch_of_one_namespace_follows_no_other(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod(), pod("q", "10.0.0.2", namespace="y"))
    watch(tmp_path, event("MODIFIED", pod(), "10:02"))
    cluster = load_cluster(tmp_path)
    assert seen(cluster)[0].lifetime.sure_end == END
    assert seen(cluster, name="q")[0].lifetime.sure_end == at("10:00")


def test_bookmarks_tell_nothing_and_an_error_ends_the_stream(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod())
    status = {"kind": "Status", "apiVersion": "v1", "code": 410}
    watch(
        tmp_path,
        event("BOOKMARK", {"kind": "Pod", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}}),
        event("MODIFIED", pod(), "10:02"),
        event("ERROR", status),
    )
    cluster = load_cluster(tmp_path)
    assert seen(cluster)[0].lifetime.sure_end == at("10:02")
    assert "the watch ended with an error" in cluster.warnings[0]


def test_a_namespace_may_change_in_a_stream(tmp_path: Path) -> None:
    snapshot(tmp_path, "10:00", pod(started="09:00"), namespace(labels={"team": "a"}))
    watch(tmp_path, event("MODIFIED", namespace(labels={"team": "b"}), "10:02"))
    first, second = seen(load_cluster(tmp_path))
    assert (first.lifetime.end, second.lifetime.start) == (at("10:02"), at("10:02"))
    assert second.namespace_labels["team"] == "b"


def test_a_watch_begun_anew_in_one_file_may_have_missed_what_went(tmp_path: Path) -> None:
    watch(
        tmp_path,
        event("ADDED", pod(started="08:00"), "10:00"),
        event("ADDED", pod("q", "10.0.0.2", "08:00"), "10:00"),
        event("ADDED", pod("q", "10.0.0.2", "08:00"), "12:00"),
    )
    cluster = load_cluster(tmp_path)
    assert "Pod q is listed a second time" in cluster.warnings[0]
    assert seen(cluster)[0].lifetime == life("08:00", END, "10:00", "10:00")


def test_a_pod_made_anew_under_its_name_is_no_second_list(tmp_path: Path) -> None:
    watch(
        tmp_path,
        event("ADDED", pod(started="08:00", metadata={"uid": "u1"}), "10:00"),
        event("DELETED", pod(started="08:00", metadata={"uid": "u1"}), "11:00"),
        event("ADDED", pod(started="11:00", metadata={"uid": "u2"}), "11:01"),
    )
    assert not any("second time" in one for one in load_cluster(tmp_path).warnings)


class TestWithoutTimes:
    """What the objects carry is all there is."""

    def test_the_newest_time_an_object_carries_is_the_event_s(self, tmp_path: Path) -> None:
        watch(
            tmp_path,
            event("ADDED", pod(created="09:00", started="09:00")),
            event("MODIFIED", pod(created="09:00", started="09:00", app="b", metadata=managed("10:02"))),
        )
        first, second = seen(load_cluster(tmp_path))
        assert first.lifetime.end == first.lifetime.sure_end == at("10:02")
        assert second.lifetime == life("10:02", END, "10:02", END)

    def test_a_change_that_left_no_time_lies_between_its_neighbours(self, tmp_path: Path) -> None:
        def touched(name: str, clock: str) -> dict[str, Any]:
            return policy(name, created="08:00", metadata=managed(clock))

        watch(
            tmp_path,
            event("ADDED", pod(created="09:00")),
            event("ADDED", policy("m", created="08:00")),
            event("MODIFIED", touched("m", "10:00")),
            event("MODIFIED", pod(created="09:00", app="b")),
            event("MODIFIED", touched("m", "10:05")),
        )
        first, second = seen(load_cluster(tmp_path))
        assert first.lifetime == life("09:00", "10:05", "10:00", "10:00")
        assert second.lifetime == life("10:00", END, "10:05", END)

    def test_a_list_was_not_seen_when_its_objects_were_written(self, tmp_path: Path) -> None:
        """A snapshot in between had another version, which held on until then."""
        snapshot(tmp_path, "11:00", policy(created="08:00", metadata={"generation": 1}))
        watch(
            tmp_path,
            event("ADDED", pod(created="08:00")),
            event("ADDED", policy(port=81, created="08:00", metadata={"generation": 2})),
            event("ADDED", pod("q", created="14:00")),
            event("MODIFIED", pod("q", created="14:00", started="15:00")),
            event("DELETED", pod(created="08:00")),
        )
        first, second = seen(load_cluster(tmp_path), "policies", "n")
        assert first.lifetime == life("08:00", "15:00", "08:00", "11:00")
        assert second.lifetime == life("11:00", END, "15:00", END)

    def test_with_nothing_after_it_only_its_beginning_is_known(self, tmp_path: Path) -> None:
        watch(
            tmp_path,
            event("ADDED", pod(created="09:00")),
            event("MODIFIED", pod(created="09:00", app="b")),
        )
        first, second = seen(load_cluster(tmp_path))
        assert (first.lifetime.start, first.lifetime.end) == (at("09:00"), END)
        assert first.lifetime.sure_start >= first.lifetime.sure_end
        assert second.lifetime.start == at("09:00")
        assert second.lifetime.sure_start == END

    @pytest.mark.parametrize(
        ("containers", "until"),
        [
            ([], "10:00"),
            ([{"state": {"terminated": {"finishedAt": stamp("10:03")}}}], "10:03"),
            (
                [
                    {"state": {"terminated": {"finishedAt": stamp("10:03")}}},
                    {"state": {"running": {"startedAt": stamp("09:01")}}},
                ],
                "10:03",
            ),
        ],
    )
    def test_a_deletion_lies_between_its_neighbours(
        self, tmp_path: Path, containers: list[Any], until: str
    ) -> None:
        """Its deletionTimestamp is when it was asked for; when containers ended, it was still there."""
        times = {"deletionTimestamp": stamp("10:01"), "deletionGracePeriodSeconds": 0}
        gone = pod(started="09:00", metadata=times, status={"containerStatuses": containers})
        watch(
            tmp_path,
            event("ADDED", pod(started="09:00")),
            event("ADDED", pod("q", "10.0.0.2")),
            event("MODIFIED", pod("q", "10.0.0.2", started="10:00")),
            event("DELETED", gone),
            event("ADDED", pod("r", "10.0.0.3")),
            event("MODIFIED", pod("r", "10.0.0.3", started="10:07")),
        )
        (first, *_) = seen(load_cluster(tmp_path))
        assert (first.lifetime.sure_end, first.lifetime.end) == (at(until), at("10:07"))

    def test_a_late_deletion_does_not_drag_earlier_events_back(self, tmp_path: Path) -> None:
        """A Job's pod that finished at 9:05 is deleted long after others of one name came and went."""
        ended = [{"state": {"terminated": {"startedAt": stamp("09:01"), "finishedAt": stamp("09:05")}}}]
        job = pod(
            "job", "10.0.0.9", created="09:00", status={"phase": "Succeeded", "containerStatuses": ended}
        )
        watch(
            tmp_path,
            event("ADDED", pod(uid="first", created="10:00", started="10:00")),
            event("DELETED", pod(uid="first", created="10:00", started="10:00")),
            event("ADDED", pod(uid="second", created="11:00", ip="")),
            event("MODIFIED", pod(uid="second", created="11:00", started="11:01")),
            event("DELETED", job),
        )
        first, second = seen(load_cluster(tmp_path), name="p")
        assert (first.uid, second.uid) == ("first", "second")
        assert first.lifetime.end == second.lifetime.start == at("11:01")
        assert second.lifetime.end == END

    def test_objects_without_any_time(self, tmp_path: Path) -> None:
        watch(tmp_path, event("ADDED", slice_of("s-1", "10.0.0.1")))
        (only,) = seen(load_cluster(tmp_path), "slices", "s-1")
        assert only.lifetime == life(BEGINNING, END, END, END)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type": "CHANGED", "object": {"kind": "Pod"}}', "is a watch event of no known type"),
        ('{"type": 7, "object": {"kind": "Pod"}}', "is a watch event of no known type"),
        (json.dumps({**event("ADDED", pod()), "time": "later"}), "the event's time is not a time"),
        (json.dumps({**event("ADDED", pod()), "time": []}), "the event's time is not a time"),
        (json.dumps({**event("ADDED", pod()), "time": 10**40}), "the event's time is not a number"),
        (json.dumps({**event("ADDED", pod()), "time": -5}), "the event's time is not a number"),
        (json.dumps({**event("ADDED", pod()), "time": "1969-03-10T10:05:00Z"}), "the event's time"),
        ('{"type": "ADDED", "object": {"apiVersion": "v1"}}', "has no kind"),
        ('{"type": "ADDED", "object": {"kind": "Pod", "apiVersion": "v1"}}', "has no metadata.name"),
        ('{"type": "ADDED", "object": {"kind": "List", "apiVersion": "v1", "items": 5}}', "is a List"),
        (json.dumps(event("ADDED", pod(metadata={"creationTimestamp": 7}))), "is not a time"),
        (json.dumps(event("ADDED", pod(metadata={"generation": "x"}))), "must be a whole number"),
        (json.dumps(event("ADDED", pod(metadata={"managedFields": [1]}))), "must be a mapping"),
        (json.dumps(event("ADDED", policy(port=0), "10:00")), "must be from 1 to 65535"),
        (json.dumps(event("DELETED", policy(port=0), "10:00")), "must be from 1 to 65535"),
        (json.dumps(event("ADDED", pod()))[:-20], "malformed"),
    ],
)
def test_hostile_events_are_located_problems(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.json").write_text(f"{json.dumps(event('ADDED', pod('q', '10.0.0.2'), '10:00'))}\n{text}\n")
    with pytest.raises(ManifestError) as caught:
        load_cluster(tmp_path)
    assert message in caught.value.problems[0].message
    assert "a.json:2" in caught.value.problems[0].where
    kept = load_cluster(tmp_path, keep_going=True)
    assert [one.name for one in kept.pods] == ["q"]


def test_reading_goes_on_after_a_broken_event(tmp_path: Path) -> None:
    whole = [
        json.dumps(event("ADDED", pod(name, ip), "10:00")) for name, ip in (("p", "10.0.0.1"), ("q", ""))
    ]
    (tmp_path / "a.json").write_text(f"{whole[0]}\n{whole[0][:40]}\n{whole[1]}\n")
    kept = load_cluster(tmp_path, keep_going=True)
    assert [one.name for one in kept.pods] == ["p", "q"]
    assert len([one for one in kept.skipped if one.reason.startswith("refused")]) == 1


def test_a_file_of_nothing_but_broken_lines_ends(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a" 1}\n' * 10_000)
    with pytest.raises(ManifestError) as caught:
        load_cluster(tmp_path)
    assert len(caught.value.problems) == 20


def test_events_inside_events_end(tmp_path: Path) -> None:
    text = '{"type":"ADDED","object":' * 65 + "{}" + "}" * 65
    (tmp_path / "a.json").write_text(text + json.dumps(pod()))
    assert [one.name for one in load_cluster(tmp_path).pods] == ["p"]


def test_the_first_events_of_a_watch_may_be_lists(tmp_path: Path) -> None:
    """kubectl asks for 500 objects at a time, and prints each answer as one event (seen of 1.32 and 1.37)."""
    several = {"apiVersion": "v1", "kind": "PodList", "items": [pod(), pod("q", "10.0.0.2")]}
    watch(tmp_path, event("ADDED", several, "10:01"), event("DELETED", pod(), "10:05"))
    cluster = load_cluster(tmp_path)
    assert seen(cluster)[0].lifetime.end == at("10:05")
    assert seen(cluster, name="q")[0].lifetime.sure_end == END


def watch_of_two(tmp_path: Path) -> None:
    """Of two pods, of which only the other one, q, changes."""
    watch(
        tmp_path,
        event("ADDED", pod(started="09:00"), "10:01"),
        event("ADDED", pod("q", "10.0.0.2", "09:00"), "10:01"),
        event("MODIFIED", pod("q", "10.0.0.2", "09:00", app="b"), "10:04"),
    )


def test_what_a_watch_told_of_was_there_until_its_last_event(tmp_path: Path) -> None:
    """And not only until the last one of its own, though a later snapshot may lack it."""
    watch_of_two(tmp_path)
    snapshot(tmp_path, "10:10", pod("q", "10.0.0.2", "09:00"))
    assert seen(load_cluster(tmp_path))[0].lifetime == life("09:00", "10:10", "10:01", "10:04")


def test_a_watch_that_lost_an_end_is_not_believed_beyond_a_snapshot(tmp_path: Path) -> None:
    watch_of_two(tmp_path)
    snapshot(tmp_path, "10:03", pod("q", "10.0.0.2", "09:00"))
    snapshot(tmp_path, "10:10", pod("q", "10.0.0.2", "09:00", app="b"))
    assert seen(load_cluster(tmp_path))[0].lifetime.sure_end == at("10:01")


def test_it_is_said_when_a_watch_told_of_something_for_the_last_time(tmp_path: Path) -> None:
    watch(tmp_path, event("ADDED", pod(started="09:00"), "10:01"))
    (said,) = (one for one in load_cluster(tmp_path).warnings if "last event" in one)
    assert "is of 2026-03-10T10:01:00Z" in said
    snapshot(tmp_path, "10:10", pod(started="09:00"))
    assert not any("last event" in one for one in load_cluster(tmp_path).warnings)


def test_a_watch_may_be_yaml(tmp_path: Path) -> None:
    """kubectl prints it so with ``-o yaml``."""
    (tmp_path / "a.yaml").write_text(
        f"type: ADDED\nobject: {json.dumps(pod())}\n---\ntype: DELETED\n"
        f"time: 2026-03-10T10:05:00Z\nobject: {json.dumps(pod())}\n"
    )
    (only,) = seen(load_cluster(tmp_path))
    assert only.lifetime.end == at("10:05")


def test_a_long_stream_is_read_in_linear_time(tmp_path: Path) -> None:
    """20,000 events take about a second; counting lines anew for each would take minutes."""
    lines = [json.dumps(event("MODIFIED", pod(metadata={"x": "y" * 500}), "10:00"))] * 20_000
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    (only,) = load_cluster(tmp_path).pods
    assert only.name == "p"
