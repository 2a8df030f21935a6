"""Records of Hubble, and the rows that are right: worked out by hand, one trap at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowcheck.flows.logs.account import Account
from tests.flows.logs import read_log, recognised

A, B, NODE = "192.0.2.5", "192.0.2.9", "198.51.100.1"
SYN, ACK, ANSWER, FIN = {"SYN": True}, {"ACK": True}, {"SYN": True, "ACK": True}, {"FIN": True, "ACK": True}
Rows = list[dict[str, Any]]


def packet(second: float = 0, src: str = A, dst: str = B, **fields: Any) -> dict[str, Any]:
    """A flow without verdict; ``None`` takes a field away."""
    return {
        "time": f"2026-04-01T12:00:{second:06.3f}Z",
        "IP": {"source": src, "destination": dst, "ipVersion": "IPv4"},
        "Type": "L3_L4",
        "node_name": "n1",
        **fields,
    }


def tcp(src_port: int = 40100, dst_port: int = 8443, flags: dict[str, bool] | None = None) -> dict[str, Any]:
    ports: dict[str, Any] = {"source_port": src_port, "destination_port": dst_port}
    return {"TCP": ports if flags is None else {**ports, "flags": flags}}


def udp(src_port: int = 40100, dst_port: int = 53) -> dict[str, Any]:
    return {"UDP": {"source_port": src_port, "destination_port": dst_port}}


VERDICT, DROP, TRACE = {"type": 5}, {"type": 1, "sub_type": 133}, {"type": 4}
ALLOWED = {"verdict": "FORWARDED", "event_type": VERDICT, "is_reply": False, "l4": tcp(flags=SYN)}
DENIED = {"verdict": "DROPPED", "drop_reason_desc": "POLICY_DENIED", "l4": tcp(flags=SYN)}
PASSED = {"verdict": "FORWARDED", "event_type": TRACE}
RETINA = {"extensions": {"@type": "type.googleapis.com/utils.RetinaMetadata", "bytes": 74}}
CLIENT, SERVER = {"ID": 11, "identity": 7001}, {"ID": 12, "identity": 7002}


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read_flows(*flows: dict[str, Any] | str) -> tuple[Rows, Account]:
        """Rows of flows, each a line, or of lines as they stand."""
        lines = [flow if isinstance(flow, str) else json.dumps({"flow": flow}) for flow in flows]
        path = tmp_path / "hubble.log"
        path.write_text("".join(f"{line}\n" for line in lines))
        return read_log(path, "hubble")

    return read_flows


def ends(row: dict[str, Any]) -> tuple[Any, ...]:
    return row.get("src_ip"), row.get("src_port"), row.get("dst_ip"), row.get("dst_port")


FORTH = (A, 40100, B, 8443)


# -- decisions --------------------------------------------------------------------------------------------


def test_a_policy_verdict_decides_for_one_side(read: Any) -> None:
    rows, _ = read(packet(**ALLOWED, traffic_direction="EGRESS", source=CLIENT))
    (row,) = rows
    assert ends(row) == FORTH
    assert (row["action"], row["egress_action"], row["initiator"], row["observation_point"]) == (1, 1, 1, 1)
    assert "ingress_action" not in row
    assert (row["flow_count"], row["flow_count_here"], row["record_kind"], row["tcp_flags"]) == (1, 1, 1, 2)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_denied_connection_is_told_twice_and_counted_once(read: Any, order: tuple[int, ...]) -> None:
    told = [
        packet(**DENIED, event_type=VERDICT, traffic_direction="INGRESS"),
        packet(**DENIED, event_type=DROP, traffic_direction="INGRESS"),
        packet(**DENIED, event_type=DROP, traffic_direction="INGRESS"),
    ]
    rows, _ = read(*(told[n] for n in order))
    assert [(row["action"], row["ingress_action"], row["initiator"]) for row in rows] == [(2, 2, 1)] * 3
    counts = [row["flow_count"] for row in rows]
    assert counts == [int(n == 0) for n in order]


@pytest.mark.parametrize(
    ("fields", "action"),
    [
        ({"drop_reason_desc": "POLICY_DENY"}, 2),
        ({"drop_reason_desc": "AUTH_REQUIRED"}, 2),
        ({"drop_reason_desc": None, "drop_reason": 133}, 2),
        ({"drop_reason_desc": 181}, 2),
        ({"drop_reason_desc": "181"}, 2),
        ({"drop_reason_desc": "CT_MAP_INSERTION_FAILED"}, 4),
        ({"drop_reason_desc": 205}, 4),
        ({"drop_reason_desc": None}, 4),
        ({"drop_reason_desc": None, "event_type": VERDICT}, 2),
        ({"drop_reason_desc": "INVALID_PACKET_DROPPED", "event_type": VERDICT}, 4),
        ({"verdict": "ERROR"}, 4),
        ({"verdict": 2}, 2),
        ({"verdict": "2"}, 2),
    ],
)
def test_a_drop_is_a_policys_by_its_reason(read: Any, fields: dict[str, Any], action: int) -> None:
    (row,), _ = read(packet(**{**DENIED, "event_type": DROP, **fields}))
    assert row["action"] == action


def test_an_audited_connection_is_neither_allowed_nor_denied(read: Any) -> None:
    audited = packet(**{**ALLOWED, "verdict": "AUDIT"}, traffic_direction="INGRESS")
    rows, _ = read(audited, packet(0.001, **PASSED, l4=tcp(flags=SYN), destination=SERVER, is_reply=False))
    assert [(row["action"], row.get("ingress_action")) for row in rows] == [(3, 3), (0, None)]
    assert [row["flow_count"] for row in rows] == [1, 0]
    assert [row["observation_point"] for row in rows] == [2, 2]


def test_a_trace_decides_nothing(read: Any) -> None:
    (row,), _ = read(packet(**PASSED, l4=tcp(flags=SYN), traffic_direction="EGRESS", is_reply=False))
    assert row["action"] == 0
    assert not {"egress_action", "ingress_action"} & row.keys()


@pytest.mark.parametrize(
    "verdict", [15, 16, "15", "TRACED", "TRANSLATED", "SOMETHING_NEW", None, 99999999999]
)
def test_verdicts_that_no_policy_gives(read: Any, verdict: Any) -> None:
    (row,), account = read(packet(**{**PASSED, "verdict": verdict}, l4=udp()))
    assert row["action"] == 0
    assert not account.rejected


def test_messages_of_layer_7_are_no_connections(read: Any) -> None:
    message = {"Type": "L7", "event_type": {"type": 129}, "traffic_direction": "INGRESS"}
    refused = {**message, "verdict": "DROPPED", "drop_reason_desc": "POLICY_DENIED", "is_reply": False}
    answered = {**message, "verdict": "FORWARDED", "l7": {"type": "RESPONSE", "http": {"code": 200}}}
    rows, _ = read(packet(**refused, l4=tcp()), packet(1, B, A, **answered, l4=tcp(8443, 40100)))
    assert [ends(row) for row in rows] == [FORTH, FORTH]
    assert [(row["action"], row["flow_count"], row["flow_count_here"]) for row in rows] == [
        (4, 0, 0),
        (0, 0, 0),
    ]
    assert [(row["initiator"], row["observation_point"]) for row in rows] == [(1, 2), (2, 2)]


def test_policies_are_named_denials_first(read: Any) -> None:
    allowed = [{"name": "any", "kind": "CiliumClusterwideNetworkPolicy", "revision": "18"}]
    denied = [
        {
            "name": "web",
            "namespace": "shop",
            "labels": ["k8s:io.cilium.k8s.policy.derived-from=NetworkPolicy"],
        }
    ]
    (row,), _ = read(
        packet(**DENIED, event_type=VERDICT, egress_allowed_by=allowed, ingress_denied_by=denied)
    )
    assert row["policy_refs"] == ["NetworkPolicy/shop/web", "CiliumClusterwideNetworkPolicy/any"]


# -- who opened -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "initiator"),
    [
        ({"is_reply": True}, 2),
        ({"is_reply": {"value": True}}, 2),
        ({"reply": True}, 2),
        ({"trace_reason": "REPLY"}, 2),
        ({"is_reply": False, "trace_reason": "ESTABLISHED"}, 1),
        ({"is_reply": {}, "source": CLIENT}, 1),
        ({"is_reply": False, "emitter": {"name": "Hubble"}}, 1),
        ({"trace_reason": "NEW"}, 1),
        ({"l4": tcp(flags=SYN)}, 1),
        ({"l4": tcp(flags=ANSWER), "is_reply": False, "source": CLIENT}, 2),
        ({"is_reply": None}, 0),
        ({"reply": False}, 0),
        ({"is_reply": False}, 0),
        (
            {
                "is_reply": False,
                "source": CLIENT,
                "extensions": {"@type": "type.googleapis.com/utils.RetinaMetadata"},
            },
            0,
        ),
    ],
)
def test_who_opened_a_connection_that_a_trace_tells_of(
    read: Any, fields: dict[str, Any], initiator: int
) -> None:
    (row,), _ = read(packet(**{**PASSED, "l4": tcp(flags=ACK), **fields}))
    assert row["initiator"] == initiator
    assert ends(row) == (FORTH if initiator != 2 else (B, 8443, A, 40100))


def test_no_reply_is_doubted_until_the_pair_decides(read: Any) -> None:
    """Retina writes it when it does not know: the end of a connection, from the server, says so too."""
    last = packet(1, B, A, **PASSED, l4=tcp(8443, 40100, FIN), is_reply=False, traffic_direction="INGRESS")
    rows, _ = read(packet(**PASSED, l4=tcp(flags=SYN), is_reply=False, traffic_direction="EGRESS"), last)
    assert [ends(row) for row in rows] == [FORTH, FORTH]
    assert [(row["initiator"], row["flow_count"]) for row in rows] == [(1, 1), (2, 0)]


def test_a_pair_more_than_a_minute_apart_is_none(read: Any) -> None:
    late = {**packet(0, B, A, **PASSED, l4=tcp(8443, 40100, FIN)), "time": "2026-04-01T12:01:00.001Z"}
    rows, _ = read(packet(**PASSED, l4=tcp(flags=SYN)), late)
    assert [(row["initiator"], row["flow_count"]) for row in rows] == [(1, 1), (0, 1)]


def test_what_is_dropped_says_not_whether_it_was_an_answer(read: Any) -> None:
    """Denied was a packet that policy was asked about; one of TCP without a SYN may be of an older
    connection, and of one that was seen it is an answer, whose denial decides nothing."""
    lone = packet(**{**DENIED, "l4": tcp(40200, 8443, ACK)}, event_type=DROP, traffic_direction="EGRESS")
    late = packet(
        2, B, A, **{**DENIED, "l4": tcp(8443, 40100, FIN)}, event_type=DROP, traffic_direction="EGRESS"
    )
    rows, _ = read(
        packet(**{**DENIED, "l4": udp()}, event_type=DROP, traffic_direction="EGRESS"),
        lone,
        packet(1, **ALLOWED),
        late,
    )
    assert [(row["initiator"], row["action"], row.get("egress_action")) for row in rows] == [
        *((1, 2, 2), (0, 2, 2), (1, 1, None)),
        (2, 4, None),
    ]
    assert rows[3]["observation_point"] == 2
    assert ends(rows[3]) == FORTH


def test_a_denied_syn_ack_is_an_answer(read: Any) -> None:
    answer = {**DENIED, "l4": tcp(8443, 40100, ANSWER)}
    (row,), _ = read(packet(0, B, A, **answer, event_type=VERDICT, traffic_direction="EGRESS"))
    assert ends(row) == FORTH
    assert (row["initiator"], row["action"], row["observation_point"]) == (2, 4, 2)
    assert "egress_action" not in row


def test_icmp_pairs_and_errors(read: Any) -> None:
    def icmp(second: float, src: str, dst: str, message: dict[str, int], **fields: Any) -> dict[str, Any]:
        return packet(second, src, dst, **PASSED, l4={"ICMPv4": message}, **fields)

    rows, _ = read(
        icmp(0, A, B, {"type": 8}),
        icmp(0.1, B, A, {}, is_reply=True),
        icmp(0.2, B, A, {}),
        icmp(0.3, NODE, A, {"type": 3, "code": 1}, is_reply=False, source=CLIENT, trace_reason="RELATED"),
        packet(1, "2001:db8::5", "2001:db8::9", **PASSED, l4={"ICMPv6": {"type": 128}}, is_reply=False),
    )
    assert [(row["src_ip"], row["icmp_type"], row["icmp_code"], row["initiator"]) for row in rows] == [
        *((A, 8, 0, 1), (A, 8, 0, 2), (A, 8, 0, 2), (NODE, 3, 1, 0)),
        ("2001:db8::5", 128, 0, 1),
    ]
    assert [row["flow_count"] for row in rows] == [1, 0, 0, 0, 1]
    assert rows[4]["protocol"] == 58


def test_every_trace_of_a_connection_between_two_nodes_is_of_one(read: Any) -> None:
    """What leaves a node has no direction and does not say whether it is an answer."""
    here, there = (
        {"source": CLIENT, "destination": {"identity": 7002}},
        {
            "source": {"identity": 7001},
            "destination": SERVER,
        },
    )
    out = {"source": {"identity": 7001}, "destination": {"identity": 7002}}
    back = {"source": {"identity": 7002}, "destination": {"identity": 7001}}
    forth, answer = {"l4": tcp(flags=SYN)}, {"l4": tcp(8443, 40100, ANSWER)}
    rows, _ = read(
        packet(0, **PASSED, **forth, **here, is_reply=False, traffic_direction="EGRESS"),
        packet(0.001, **PASSED, **forth, **out, trace_observation_point="TO_OVERLAY"),
        packet(0.002, **PASSED, **forth, **there, is_reply=False, traffic_direction="EGRESS"),
        packet(0.003, B, A, **PASSED, **answer, source=SERVER, is_reply=True, traffic_direction="INGRESS"),
        packet(0.004, B, A, **PASSED, l4=tcp(8443, 40100, ACK), **back, trace_observation_point="TO_NETWORK"),
        packet(0.005, B, A, **PASSED, **answer, destination=CLIENT, is_reply=True),
        packet(0.006, **PASSED, l4=tcp(flags=FIN), **here, is_reply=False, traffic_direction="EGRESS"),
    )
    assert {ends(row) for row in rows} == {FORTH}
    assert [row["initiator"] for row in rows] == [1, 1, 1, 2, 2, 2, 1]
    assert [row["observation_point"] for row in rows] == [1, 3, 2, 2, 3, 1, 1]
    assert [row["flow_count"] for row in rows] == [1, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("layer", "protocol", "port"),
    [
        ({"SCTP": {"source_port": 40100, "destination_port": 3868}}, 132, 3868),
        ({"VRRP": {"type": 1, "vrid": 7, "priority": 90}}, 112, None),
        ({"IGMP": {"type": 22, "group_address": "233.252.0.1"}}, 2, None),
    ],
)
def test_other_protocols(read: Any, layer: dict[str, Any], protocol: int, port: int | None) -> None:
    (row,), _ = read(packet(**{**ALLOWED, "l4": layer}))
    assert (row["protocol"], row.get("dst_port"), row["action"], row["initiator"]) == (protocol, port, 1, 1)


# -- where from -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "point"),
    [
        ({"source": CLIENT, "destination": {"identity": 7002}}, 1),
        ({"source": {"identity": 7001}, "destination": SERVER}, 2),
        ({"source": CLIENT, "destination": SERVER}, 4),
        ({"source": {"identity": 1}, "destination": {"identity": 2}}, 3),
        ({}, 0),
        ({"source": {"namespace": "shop", "pod_name": "cart-0"}}, 0),
        ({"trace_observation_point": "TO_ENDPOINT"}, 2),
        ({"trace_observation_point": "FROM_ENDPOINT"}, 1),
        ({"trace_observation_point": "TO_STACK"}, 0),
    ],
)
def test_a_delivery_that_says_egress_was_seen_from_the_end_with_an_id(
    read: Any, fields: dict[str, Any], point: int
) -> None:
    trace = {**PASSED, "l4": tcp(flags=SYN), "traffic_direction": "EGRESS", "is_reply": False}
    (row,), _ = read(packet(**trace, **fields))
    assert row["observation_point"] == point
    answer = {**trace, "l4": tcp(8443, 40100, ANSWER), "is_reply": True}
    (row,), _ = read(packet(0, B, A, **answer, **fields))
    assert row["observation_point"] == {1: 2, 2: 1}.get(point, point)


@pytest.mark.parametrize(
    ("where", "point"),
    [("TO_STACK", 1), ("TO_NETWORK", 1), ("TO_ENDPOINT", 2), ("FROM_NETWORK", 2), ("X", 0)],
)
def test_retina_watches_interfaces(read: Any, where: str, point: int) -> None:
    retina = {"extensions": {"@type": "type.googleapis.com/utils.RetinaMetadata", "bytes": 74}}
    (row,), _ = read(
        packet(**PASSED, **retina, l4=tcp(flags=SYN), trace_observation_point=where, is_reply=False)
    )
    assert row["observation_point"] == point


def test_retinas_drops_are_no_policys(read: Any) -> None:
    (row,), _ = read(packet(**DENIED, **RETINA, event_type={"type": 1}, is_reply=False))
    assert (row["action"], row["initiator"]) == (4, 1)


def test_what_was_dialled_and_what_the_source_became(read: Any) -> None:
    answer = packet(0, B, A, **PASSED, l4=tcp(8443, 40100, ANSWER), is_reply=True, destination=CLIENT)
    answer["IP"]["source_xlated"] = "203.0.113.80"
    request = packet(1, **PASSED, l4=tcp(40101, 443, SYN), is_reply=False, source=CLIENT)
    request["IP"]["source_xlated"] = NODE
    rows, _ = read(answer, request)
    assert ends(rows[0]) == FORTH
    assert [(row.get("service_ip"), row.get("nat_src_ip")) for row in rows] == [
        ("203.0.113.80", None),
        (None, NODE),
    ]


def test_services_by_name_are_those_of_the_end_that_was_dialled(read: Any) -> None:
    service = {"name": "pay", "namespace": "shop"}
    forth = packet(**ALLOWED, destination_service=service, source_service={"name": "other"})
    back = packet(1, B, A, **PASSED, l4=tcp(8443, 40100), is_reply=True, source_service=service)
    rows, _ = read(forth, back)
    assert [row["service_name"] for row in rows] == ["shop/pay", "shop/pay"]


def test_steps_of_a_translation_tell_their_connection_what_was_dialled(read: Any) -> None:
    def step(dst: str, port: int, point: Any, cookie: Any) -> dict[str, Any]:
        ports = {"l4": {"TCP": {"destination_port": port}}, "Type": "SOCK", "event_type": {"type": 7}}
        return {**packet(0, A, dst), **ports, "sock_xlate_point": point, "socket_cookie": cookie}

    before = step("203.0.113.80", 443, "SOCK_XLATE_POINT_PRE_DIRECTION_FWD", "77")
    after = step(B, 8443, 2, 77)
    rows, account = read(before, after, packet(0.01, **ALLOWED), packet(0.02, **PASSED, l4=tcp(40102, 8444)))
    assert account.merged == 2
    assert [(row.get("service_ip"), row.get("service_port")) for row in rows] == [
        ("203.0.113.80", 443),
        (None, None),
    ]


# -- masks ------------------------------------------------------------------------------------------------


def masked(flow: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in flow.items() if key not in names}


def test_without_a_type_of_event(read: Any) -> None:
    """What only policy verdicts have tells them; what is dropped and says whether it is an answer was dropped
    by a proxy; else that it went through is all that is said."""
    plain = masked(packet(**ALLOWED), "event_type", "Type")
    dropped = masked(packet(**DENIED), "Type")
    flows = [
        plain,
        {**plain, "verdict": "AUDIT"},
        {**plain, "verdict": "REDIRECTED"},
        {**plain, "policy_match_type": 1},
        {**plain, "egress_allowed_by": [{"name": "x", "namespace": "y", "kind": "NetworkPolicy"}]},
        dropped,
        {**dropped, "is_reply": False},
        {**plain, "l7": {"type": "REQUEST"}},
    ]
    rows, _ = read(*({**flow, "l4": tcp(41000 + n, flags=SYN)} for n, flow in enumerate(flows)))
    assert [row["action"] for row in rows] == [0, 3, 1, 1, 1, 2, 4, 0]
    assert [row["flow_count"] for row in rows] == [1, 1, 1, 1, 1, 1, 0, 0]


def test_without_time_and_node_in_the_flow_those_of_the_line_stand(read: Any) -> None:
    line = {
        "flow": masked(packet(**ALLOWED), "time", "node_name"),
        "node_name": "n7",
        "time": "2026-04-01T12:00:09Z",
    }
    (row,), _ = read(json.dumps(line))
    assert (row["observer"], str(row["start_time"])) == ("n7", "2026-04-01 12:00:09+00:00")


def test_without_any_time_a_record_cannot_be_used(read: Any) -> None:
    rows, account = read(masked(packet(**ALLOWED), "time"))
    assert not rows
    assert account.rejected == {"bad_start_time": 1}


def test_without_ports_a_row_stands(read: Any) -> None:
    rows, _ = read(
        packet(**{**ALLOWED, "l4": {"TCP": {}}}),
        packet(1, **{**ALLOWED, "l4": {"TCP": {"destination_port": 80}}}),
    )
    assert [ends(row) for row in rows] == [(A, None, B, None), (A, None, B, 80)]


def test_an_end_without_an_address_is_known_by_its_name(read: Any) -> None:
    named = {
        "namespace": "shop",
        "pod_name": "cart-0",
        "workloads": [{"name": "cart", "kind": "StatefulSet"}],
    }
    flow = packet(**ALLOWED, source=named)
    rows, account = read({**flow, "IP": {"destination": B}}, {**flow, "IP": None, "destination": named})
    assert [
        (row.get("src_ip"), row["src_namespace"], row["src_pod"], row["src_workload"]) for row in rows
    ] == [(None, "shop", "cart-0", "cart")] * 2
    rows, account = read(
        {**flow, "IP": {"destination": B}, "source": {"namespace": "shop", "labels": ["k8s:a=b"]}}
    )
    assert (rows, account.rejected) == ([], {"bad_src_ip": 1})


# -- counts and other lines -------------------------------------------------------------------------------


def test_aggregated_lines(read: Any) -> None:
    """Of policy verdicts a line counts connections; of traces packets, and answers among them."""
    counts = {"ingress_flow_count": 2, "egress_flow_count": 0, "unknown_direction_flow_count": 1}
    verdict = packet(**ALLOWED, aggregate=counts)
    trace = packet(1, **PASSED, l4=tcp(40200, flags=ACK), aggregate=counts, is_reply=False, source=CLIENT)
    agent = packet(2, **{**ALLOWED, "l4": udp()}, extensions={"ingress_flow_count": "5", "@type": "x"})
    rows, _ = read(verdict, trace, agent)
    assert [(row["flow_count"], row["flow_count_here"], row["record_kind"]) for row in rows] == [
        *((3, 3, 5), (1, 1, 5)),
        (5, 5, 5),
    ]


def test_what_is_no_flow_is_left_out_and_losses_are_told(read: Any) -> None:
    lost = '{"lost_events":{"source":"PERF_EVENT_RING_BUFFER","num_events_lost":"1200"},"node_name":"n1"}'
    agent = '{"agent_event":{"type":"POLICY_UPDATED"},"node_name":"n1","time":"2026-04-01T12:00:00Z"}'
    rows, account = read(lost, agent, packet(**ALLOWED), lost.replace('"1200"', "34"), '{"flow":null}')
    assert len(rows) == 1
    assert account.left_out == {"lost_events": 2, "agent_event": 1, "no_flow": 1}
    assert len(account.warnings) == 1
    assert account.warnings[0].endswith("same: 1,234")


def test_a_broken_line_costs_itself_alone(read: Any) -> None:
    broken = [
        "this is no JSON",
        '{"flow":{"IP":3}}',
        "[" * 66,
        "\x00\x01",
        '{"flow":{"l4":{"TCP":{"source_port":1e30}}}}',
    ]
    rows, account = read(packet(**ALLOWED), *broken, packet(1, **ALLOWED))
    assert [row["record"] for row in rows] == [0, 6]
    assert account.rejected == {"bad_record": 5}
    assert account.first["bad_record"] == [1, 2, 3, 4, 5]


def test_values_that_do_not_fit(read: Any) -> None:
    rows, account = read(
        packet(**{**ALLOWED, "l4": tcp(70000)}),
        packet(**{**ALLOWED, "l4": tcp(1, 70000)}),
        packet(**{**ALLOWED, "l4": tcp(1, -5)}),
        packet(0, "somewhere", **ALLOWED),
        packet(**{**ALLOWED, "l4": None}),
        packet(**{**ALLOWED, "l4": {"ICMPv4": {"type": 999}}}),
        {**packet(**ALLOWED), "time": "yesterday"},
    )
    assert not rows
    assert account.rejected == {
        "bad_src_port": 1,
        "bad_dst_port": 2,
        "bad_src_ip": 1,
        "bad_protocol": 1,
        "bad_icmp_type": 1,
        "bad_start_time": 1,
    }


def test_nulls_numbers_as_text_and_unknown_fields(read: Any) -> None:
    odd = packet(
        **ALLOWED,
        source=None,
        destination={"ID": "12", "labels": None, "workloads": None},
        brand_new={"a": [1]},
    )
    odd["l4"] = {
        "TCP": {"source_port": "40100", "destination_port": "8443", "flags": {"SYN": True, "ECE": True}}
    }
    odd |= {
        "event_type": {"type": "5"},
        "traffic_direction": "1",
        "egress_allowed_by": None,
        "extensions": "text",
    }
    odd["IP"] |= {"source_xlated": "", "encrypted": True}
    (row,), account = read(odd)
    assert not account.rejected
    assert (ends(row), row["action"], row["ingress_action"]) == (FORTH, 1, 1)
    assert not {"nat_src_ip", "service_ip", "src_pod"} & row.keys()


def test_what_gos_own_json_makes_of_a_flow(read: Any) -> None:
    flow = packet(**{**ALLOWED, "l4": {"Protocol": tcp(flags=SYN)}})
    flow |= {"time": {"seconds": 1775044800, "nanos": 5000}, "verdict": 1, "Type": 1, "traffic_direction": 2}
    (row,), _ = read({**flow, "is_reply": {"value": False}})
    assert (ends(row), row["action"], row["egress_action"]) == (FORTH, 1, 1)
    assert str(row["start_time"]) == "2026-04-01 12:00:00.000005+00:00"


def test_two_identities_together_cost_nothing(read: Any) -> None:
    host = {"identity": 1, "labels": ["reserved:host", "reserved:remote-node"]}
    (row,), _ = read(
        packet(**ALLOWED, source=host, destination={"labels": ["reserved:kube-apiserver", "reserved:world"]})
    )
    assert ends(row) == FORTH


# -- how lines stand --------------------------------------------------------------------------------------


def test_flows_that_stand_alone_in_their_line(read: Any) -> None:
    rows, account = read(json.dumps(packet(**ALLOWED)), json.dumps(masked(packet(1, **DENIED), "verdict")))
    assert [row["action"] for row in rows] == [1, 0]
    assert not account.left_out


def test_lines_as_their_carriers_wrap_them(read: Any) -> None:
    def line(second: float, port: int) -> str:
        return json.dumps({"flow": packet(second, **{**ALLOWED, "l4": udp(port)})})

    half = len(line(4, 40004)) // 2
    stamp = "2026-04-01T12:00:00.5Z stdout"
    rows, account = read(
        f"time=x level=info msg={json.dumps(line(1, 40001))} subsys=hubble",
        json.dumps({"log": line(2, 40002) + "\n", "stream": "stdout"}),
        f"{stamp} F {line(3, 40003)}",
        f"{stamp} P {line(4, 40004)[:half]}",
        f"{stamp} F {line(4, 40004)[half:]}",
        json.dumps({"date": 1.5, "kubernetes": {"pod_name": "cilium"}, "log": line(5, 40005)}),
        json.dumps({"level": "info", "msg": line(6, 40006)}),
        json.dumps({"@timestamp": "x", "message": f"{stamp} F {line(7, 40007)}".split(" F ")[1]}),
        f"{stamp} P {line(8, 40008)[:half]}",
    )
    assert [(row["record"], row["src_port"]) for row in rows] == [
        *((0, 40001), (1, 40002), (2, 40003), (4, 40004), (5, 40005), (6, 40006)),
        (7, 40007),
    ]
    assert account.rejected == {"cut_off": 1}
    assert account.first == {"cut_off": [8]}


@pytest.mark.parametrize("indent", [None, 1])
def test_records_in_a_list_or_over_several_lines(tmp_path: Path, indent: int | None) -> None:
    flows = [{"flow": packet(n, **ALLOWED), "node_name": "n1"} for n in range(3)]
    path = tmp_path / "list.json"
    path.write_text(json.dumps(flows, indent=indent))
    assert recognised(path) == "hubble"
    rows, _ = read_log(path, "hubble")
    assert [(row["record"], row["flow_count"]) for row in rows] == [(0, 1), (1, 0), (2, 0)]
    path.write_text("\n".join(json.dumps(flow, indent=2) for flow in flows))
    assert recognised(path) == "hubble"
    assert len(read_log(path, "hubble")[0]) == 3


def test_a_flow_log_of_something_else_is_none(tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text('{"flow":{"pkts_toserver":1},"event_type":"flow","src_ip":"192.0.2.1"}\n')
    assert recognised(path) == ""
