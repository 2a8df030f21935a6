"""Flow logs of Calico Enterprise: the rows that are right, each computed by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.flows import logs
from tests.flows.logs import read_log, recognised

rows_of = partial(logs.rows_of, "calico")

BEGIN = 1773137000
WHOLE: dict[str, Any] = {
    "start_time": BEGIN,
    "end_time": BEGIN + 300,
    "source_ip": "10.0.1.7",
    "source_name": "cart-5d9c7b9f4b-k2x8q",
    "source_name_aggr": "cart-5d9c7b9f4b-*",
    "source_namespace": "shop",
    "source_port": 40111,
    "source_type": "wep",
    "dest_ip": "10.0.2.8",
    "dest_name": "ledger-0",
    "dest_name_aggr": "ledger-*",
    "dest_namespace": "bank",
    "dest_port": 6432,
    "dest_type": "wep",
    "dest_service_namespace": "bank",
    "dest_service_name": "ledger",
    "dest_service_port": "sql",
    "dest_service_port_num": 5432,
    "proto": "tcp",
    "action": "allow",
    "reporter": "src",
    "policies": None,
    "bytes_in": 700,
    "bytes_out": 400,
    "num_flows": 3,
    "num_flows_started": 2,
    "packets_in": 7,
    "packets_out": 4,
    "host": "n1",
}
AGGREGATED = {
    **WHOLE,
    **dict.fromkeys(("source_ip", "source_port", "dest_ip")),
    **dict.fromkeys(("source_name", "dest_name"), "-"),
}
PUBLIC = {**AGGREGATED, "dest_namespace": "-", "dest_type": "net", "dest_name_aggr": "pub"}


def test_a_connection_seen_by_its_source(log: Path) -> None:
    (row,) = rows_of(log, WHOLE)
    assert row == {
        "record": 0,
        "start_time": datetime.fromtimestamp(BEGIN, UTC),
        "end_time": datetime.fromtimestamp(BEGIN + 300, UTC),
        "src_ip": "10.0.1.7",
        "dst_ip": "10.0.2.8",
        "src_port": 40111,
        "dst_port": 6432,
        "protocol": 6,
        "initiator": 1,
        "action": 1,
        "egress_action": 1,
        "observation_point": 1,
        "observer": "n1",
        "record_kind": 2,
        "flow_count": 2,
        "flow_count_here": 2,
        "bytes": 400,
        "packets": 4,
        "bytes_reverse": 700,
        "packets_reverse": 7,
        "src_namespace": "shop",
        "src_pod": "cart-5d9c7b9f4b-k2x8q",
        "src_workload": "cart-5d9c7b9f4b-*",
        "dst_namespace": "bank",
        "dst_pod": "ledger-0",
        "dst_workload": "ledger-*",
        "service_name": "bank/ledger",
        "service_port": 5432,
    }


def test_what_came_in_was_sent_where_the_destination_tells(log: Path) -> None:
    (row,) = rows_of(log, {**WHOLE, "reporter": "dst", "action": "deny"})
    assert (row["bytes"], row["packets"], row["bytes_reverse"], row["packets_reverse"]) == (700, 7, 400, 4)
    assert (row["action"], row["ingress_action"], row["observation_point"]) == (2, 2, 2)
    assert "egress_action" not in row


def test_a_node_between_decides_for_neither_side(log: Path) -> None:
    (row,) = rows_of(log, {**WHOLE, "reporter": "fwd", "action": "deny"})
    assert (row["action"], row["observation_point"]) == (2, 3)
    assert not {"egress_action", "ingress_action", "bytes", "bytes_reverse"} & row.keys()


def test_policies_of_a_node_between_are_those_of_transit(log: Path) -> None:
    policies = {"enforced_policies": [], "transit_policies": ["0|sec|gnp:sec.edge|deny|0"]}
    rows = rows_of(log, *({**WHOLE, "reporter": side, "policies": policies} for side in ("fwd", "src")))
    assert [row.get("policy_refs") for row in rows] == [["GlobalNetworkPolicy/sec.edge"], None]


@pytest.mark.parametrize("action", ["pass", "unknown", ""])
def test_what_is_no_decision_is_none(log: Path, action: str) -> None:
    (row,) = rows_of(log, {**WHOLE, "action": action})
    assert row["action"] == 0
    assert "egress_action" not in row


def test_aggregated_pods_are_a_workload_and_have_no_address(log: Path) -> None:
    (row,) = rows_of(log, AGGREGATED)
    assert (row["src_namespace"], row["src_workload"]) == ("shop", "cart-5d9c7b9f4b-*")
    assert (row["dst_namespace"], row["dst_workload"]) == ("bank", "ledger-*")
    assert (row["dst_port"], row["record_kind"]) == (6432, 5)
    assert not {"src_ip", "dst_ip", "src_port", "src_pod", "dst_pod"} & row.keys()


@pytest.mark.parametrize("nothing", ["-", "*", None])
def test_what_is_not_told_or_many_is_none(log: Path, nothing: str | None) -> None:
    (row,) = rows_of(log, {**WHOLE, **dict.fromkeys(("source_port", "source_ip", "source_name"), nothing)})
    assert (row["src_workload"], row["dst_ip"], row["dst_port"]) == ("cart-5d9c7b9f4b-*", "10.0.2.8", 6432)
    assert not {"src_ip", "src_port", "src_pod"} & row.keys()


def test_without_its_port_a_source_stands_for_many_connections(log: Path) -> None:
    (row,) = rows_of(log, {**WHOLE, "source_port": None})
    assert row["record_kind"] == 5
    assert (row["src_ip"], row["src_pod"]) == ("10.0.1.7", "cart-5d9c7b9f4b-k2x8q")


def test_a_pod_without_a_controller_goes_by_its_name(log: Path) -> None:
    (row,) = rows_of(log, {**AGGREGATED, "source_name_aggr": "alone"})
    assert row["src_pod"] == "alone"
    assert "src_workload" not in row


@pytest.mark.parametrize(
    ("type_", "namespace", "name", "expected"),
    [
        ("net", "-", "pub", ("-", "pub")),
        ("net", "-", "pvt", ("-", "pvt")),
        ("ns", "bank", "partners", ("bank", "NetworkSet/partners")),
        ("ns", "-", "partners", ("-", "NetworkSet/partners")),
        ("hep", "-", "n3", ("-", "HostEndpoint/n3")),
    ],
)
def test_what_is_no_pod_has_a_name_that_no_pod_has(
    log: Path, type_: str, namespace: str, name: str, expected: tuple[str, str]
) -> None:
    named = {"dest_type": type_, "dest_namespace": namespace, "dest_name_aggr": name}
    (row,) = rows_of(log, {**AGGREGATED, **named})
    assert (row["dst_namespace"], row["dst_workload"]) == expected
    assert not {"dst_ip", "dst_pod"} & row.keys()
    (row,) = rows_of(log, {**WHOLE, **named, "dest_name": "-", "dest_ip": "192.0.2.7"})
    assert row["dst_ip"] == "192.0.2.7"
    assert not {"dst_namespace", "dst_pod", "dst_workload"} & row.keys()


@pytest.mark.parametrize(
    ("text", "protocol"), [("tcp", 6), ("udp", 17), ("sctp", 132), ("icmp", 1), ("icmp6", 58), ("47", 47)]
)
def test_protocols_have_names_or_numbers(log: Path, text: str, protocol: int) -> None:
    (row,) = rows_of(log, {**WHOLE, "proto": text})
    assert row["protocol"] == protocol
    assert ("dst_port" in row) == (protocol in (6, 17, 132))


def test_policies_are_sorted_and_pending_and_staged_ones_left_out(log: Path) -> None:
    policies = {
        "enforced_policies": [
            "2|default|bank/default.ledger|allow|1",
            "10|__PROFILE__|kns.bank|allow|0",
            "0|sec|sec.base|pass|-1",
            "1|default|bank/knp.default.web|pass|0",
        ],
        "pending_policies": ["0|default|bank/staged:knp.default.none|deny|-1"],
        "all_policies": ["0|default|sec.never|deny|0"],
    }
    (row,) = rows_of(log, {**WHOLE, "policies": policies})
    assert row["policy_refs"] == [
        "GlobalNetworkPolicy/sec.base",
        "NetworkPolicy/bank/web",
        "CalicoNetworkPolicy/bank/default.ledger",
        "Profile/kns.bank",
    ]
    assert row["action"] == 1


def test_policies_of_old_releases_have_staged_ones_among_them(log: Path) -> None:
    met = [
        "2|default|bank/default.ledger|deny|-1",
        "1|default|bank/staged:default.maybe|allow|0",
        "0|sec|staged:sec.maybe|deny|0",
    ]
    (row,) = rows_of(log, {**WHOLE, "policies": {"all_policies": met}})
    assert row["policy_refs"] == ["CalicoNetworkPolicy/bank/default.ledger"]


def test_policies_of_new_releases_have_their_kind_before_them(log: Path) -> None:
    met = [
        "0|sec|gnp:sec.base|pass|0",
        "1|default|knp:bank/web|pass|0",
        "2|default|np:bank/ledger|pass|0",
        "3|default|snp:bank/maybe|deny|0",
        "4|kube-admin|kcnp:lockdown|pass|0",
        "5|__PROFILE__|pro:kns.bank|allow|0",
        "6|default|eot:__NO_MATCH__|deny|-1",
    ]
    (row,) = rows_of(log, {**WHOLE, "policies": {"enforced_policies": met}})
    assert row["policy_refs"] == [
        "GlobalNetworkPolicy/sec.base",
        "NetworkPolicy/bank/web",
        "CalicoNetworkPolicy/bank/ledger",
        "ClusterNetworkPolicy/lockdown",
        "Profile/kns.bank",
    ]


def counts(rows: list[dict[str, Any]]) -> list[tuple[int, int, int | None]]:
    return [(row["flow_count"], row["flow_count_here"], row.get("bytes")) for row in rows]


def test_of_two_sides_one_counts_and_goes_on_counting(log: Path) -> None:
    source = [{**AGGREGATED, "start_time": BEGIN + at, "end_time": BEGIN + at + 300} for at in (0, 300)]
    dest = [
        {
            **AGGREGATED,
            "reporter": "dst",
            "host": "n2",
            "start_time": BEGIN + at,
            "end_time": BEGIN + at + 300,
        }
        for at in (-120, 180, 480)
    ]
    rows = rows_of(log, source[0], dest[0], dest[1], source[1], dest[2])
    assert counts(rows) == [(2, 2, 400), (0, 2, None), (0, 2, None), (2, 2, 400), (0, 2, None)]
    rows = rows_of(log, dest[0], source[0])
    assert counts(rows) == [(2, 2, 700), (0, 2, None)]


def test_the_other_side_counts_what_comes_long_after(log: Path) -> None:
    late = {**AGGREGATED, "reporter": "dst", "start_time": BEGIN + 361, "end_time": BEGIN + 400}
    assert counts(rows_of(log, AGGREGATED, late)) == [(2, 2, 400), (2, 2, 700)]
    assert counts(rows_of(log, AGGREGATED, {**late, "start_time": BEGIN + 360})) == [
        (2, 2, 400),
        (0, 2, None),
    ]


def test_what_the_source_denies_its_destination_does_not_see(log: Path) -> None:
    dest, denied = {**AGGREGATED, "reporter": "dst"}, {**WHOLE, "source_port": None, "action": "deny"}
    assert counts(rows_of(log, dest, denied, AGGREGATED)) == [(2, 2, 700), (2, 2, 400), (0, 2, None)]


def test_another_port_or_another_end_is_counted_by_itself(log: Path) -> None:
    rows = rows_of(
        log,
        AGGREGATED,
        {**AGGREGATED, "reporter": "dst", "dest_port": 80},
        {**AGGREGATED, "reporter": "dst", "source_name_aggr": "other-*"},
        {**WHOLE, "reporter": "dst"},
    )
    assert [row["flow_count"] for row in rows] == [2, 2, 2, 2]


def test_nothing_started_is_no_connection(log: Path) -> None:
    (row,) = rows_of(log, {**WHOLE, "num_flows_started": 0})
    assert (row["flow_count"], row["flow_count_here"], row["bytes"]) == (0, 0, 400)


def test_a_name_may_stand_where_a_service_port_number_does(log: Path) -> None:
    for port, number in (("sql", None), ("-", None), ("*", None), (5432, 5432)):
        (row,) = rows_of(log, {**WHOLE, "dest_service_port_num": None, "dest_service_port": port})
        assert row.get("service_port") == number
    (row,) = rows_of(log, {**WHOLE, "dest_service_namespace": "-", "dest_service_name": "-"})
    assert not {"service_name", "service_port"} & row.keys()


def test_times_may_be_milliseconds_or_text(log: Path) -> None:
    for value in (BEGIN * 1000, "2026-03-10T10:03:20Z", str(BEGIN), float(BEGIN)):
        (row,) = rows_of(log, {**WHOLE, "start_time": value})
        assert row["start_time"] == datetime.fromtimestamp(BEGIN, UTC)


def layouts(records: list[dict[str, Any]]) -> dict[str, str]:
    found = [{"_index": "flows", "_id": str(n), "_source": record} for n, record in enumerate(records)]
    answer = {"took": 1, "hits": {"total": {"value": 2}, "hits": found}, "aggregations": {"a": {"b": {}}}}
    return {
        "elasticdump": "".join(json.dumps(one) + "\n" for one in found),
        "search": json.dumps(answer),
        "search, printed": json.dumps(answer, indent=2),
        "array": json.dumps(records),
        "list": json.dumps({"items": records, "total_hits": 2}, indent=1),
        "printed": "\n".join(json.dumps(record, indent=4) for record in records),
        "syslog": "".join(f"<134>Mar 10 10:00:00 n1 fluentd: {json.dumps(one)}\n" for one in records),
        "archive": "".join(f"2026-03-10T10:00:00+00:00\tflows\t{json.dumps(one)}\n" for one in records),
    }


@pytest.mark.parametrize("layout", layouts([]))
def test_the_layout_of_a_log_does_not_matter(log: Path, layout: str) -> None:
    records = [WHOLE, PUBLIC]
    expected = rows_of(log, *records)
    log.write_text(layouts(records)[layout])
    assert recognised(log) == "calico"
    rows, account = read_log(log, "calico")
    assert rows == expected
    assert (account.records, account.rejected.total()) == (2, 0)


def test_a_document_of_any_size_is_read_a_piece_at_a_time(log: Path) -> None:
    note = '"}{[' * 1000
    records = [{**WHOLE, "start_time": BEGIN + n, "note": note} for n in range(700)]
    log.write_text(layouts(records)["search"])
    assert log.stat().st_size > 3 << 20
    assert recognised(log) == "calico"
    rows, account = read_log(log, "calico")
    assert [row["record"] for row in rows] == list(range(700))
    assert account.records == 700


def test_what_is_broken_costs_itself_only(log: Path) -> None:
    lines = [
        json.dumps(WHOLE),
        json.dumps(WHOLE)[:-20],
        '{"qname":"shop.example","type":"dns"}',
        json.dumps(PUBLIC),
    ]
    log.write_text("\n".join(lines))
    rows, account = read_log(log, "calico")
    assert [row["record"] for row in rows] == [0, 3]
    assert (account.rejected, account.left_out) == ({"bad_record": 1}, {"no_flow": 1})
    log.write_text(json.dumps([WHOLE, {**WHOLE, "bytes_in": "many"}, PUBLIC])[:-30])
    rows, account = read_log(log, "calico")
    assert (len(rows), account.rejected) == (1, {"bad_record": 2})


def test_a_comma_too_many_is_forgiven(log: Path) -> None:
    text = json.dumps({"note": ",]", **WHOLE}, indent=1).replace('"n1"', '"n1", ')
    log.write_text(text)
    rows, _ = read_log(log, "calico")
    assert [row["observer"] for row in rows] == ["n1"]


def test_an_end_without_any_name_or_address_is_rejected(log: Path) -> None:
    log.write_text(json.dumps({**AGGREGATED, "dest_name_aggr": "-", "dest_namespace": "-"}))
    rows, account = read_log(log, "calico")
    assert not rows
    assert account.rejected == {"bad_dst_ip": 1}
