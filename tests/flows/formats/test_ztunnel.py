"""ztunnel's access log: two lines of one connection, the tunnel around it, and the mesh's own refusals."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from flowcheck.flows.logs.account import Account
from tests.flows.logs import read_log, recognised

AT = dt.datetime(2026, 4, 1, 10, 0, tzinfo=dt.UTC)
ENDS = {
    "src.addr": "10.1.0.1:40001",
    "src.workload": "web-0",
    "src.namespace": "shop",
    "src.identity": "spiffe://cluster.local/ns/shop/sa/web",
    "dst.addr": "10.1.0.2:15008",
    "dst.hbone_addr": "10.1.0.2:8080",
    "dst.service": "cart.shop.svc.cluster.local",
    "dst.workload": "cart-0",
    "dst.namespace": "shop",
}
SEEN = {"direction": "outbound", "bytes_sent": 120, "bytes_recv": 900, "duration": "50ms"}
THERE = {"src.addr": "10.1.0.1:60001", "direction": "inbound", "bytes_sent": 900, "bytes_recv": 120}
"""What the inbound line has other: the tunnel's source port, and bytes from its own pod."""


def fields(at: float = 0, **said: Any) -> dict[str, Any]:
    time = (AT + dt.timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    head = {"level": "info", "time": time, "scope": "access", "message": "connection complete"}
    return {key: value for key, value in {**head, **ENDS, **SEEN, **said}.items() if value is not None}


def text(said: dict[str, Any], between: str = "\t", quote: str = '"') -> str:
    """Addresses stand bare, all else in quotes, if there are any."""
    head = [said.pop(key) for key in ("time", "level", "scope", "message")]
    marks = {key: "" if key.endswith("addr") else quote for key in said}
    return between.join([*head, " ".join(f"{key}={mark}{said[key]}{mark}" for key, mark in marks.items())])


def read(tmp_path: Path, *lines: str) -> tuple[list[dict[str, Any]], Account]:
    file = tmp_path / "ztunnel.log"
    file.write_text("".join(line + "\n" for line in lines))
    assert recognised(file) == "ztunnel"
    return read_log(file, "ztunnel")


def test_a_connection_goes_to_what_was_dialled_in_the_tunnel(tmp_path: Path) -> None:
    want = {
        "record": 0,
        "start_time": AT - dt.timedelta(milliseconds=50),
        "end_time": AT,
        "src_ip": "10.1.0.1",
        "src_port": 40001,
        "src_namespace": "shop",
        "src_pod": "web-0",
        "dst_ip": "10.1.0.2",
        "dst_port": 8080,
        "dst_namespace": "shop",
        "dst_pod": "cart-0",
        "protocol": 6,
        "initiator": 1,
        "action": 0,
        "observation_point": 1,
        "record_kind": 3,
        "flow_count": 1,
        "flow_count_here": 1,
        "bytes": 120,
        "bytes_reverse": 900,
        "service_name": "shop/cart",
        "src_principal": "spiffe://cluster.local/ns/shop/sa/web",
        "outer_port": 15008,
        "mesh_action": 1,
    }
    for line in (
        text(fields()),
        text(fields(), " "),
        text(fields(), " ", ""),
        text(fields(), " ").replace("info access", "INFO access:"),
        json.dumps(fields()),
        "2026-04-01T10:00:00.1Z stdout F " + text(fields()),
    ):
        rows, _ = read(tmp_path, line)
        assert rows == [want]


def test_both_lines_of_one_connection(tmp_path: Path) -> None:
    for order in (1, -1):
        lines = [text(fields()), text(fields(0.001, **THERE))][::order]
        rows, _ = read(tmp_path, *lines)
        outbound, inbound = rows[::order]
        assert (outbound["flow_count"], outbound["bytes"], outbound["bytes_reverse"]) == (1, 120, 900)
        assert (inbound["flow_count"], inbound["flow_count_here"], inbound["observation_point"]) == (0, 1, 2)
        assert inbound["src_port"] == 40001
        assert ("bytes" in inbound, inbound["bytes_here"]) == (False, 120)


def test_lines_that_are_not_of_one_connection(tmp_path: Path) -> None:
    for other in (
        {"bytes_sent": 901},
        {"dst.hbone_addr": "10.1.0.2:8081"},
        {"src.workload": "web-1"},
        {"src.addr": "10.1.0.3:60001"},
        {"direction": "outbound", "bytes_sent": 120, "bytes_recv": 900},
    ):
        rows, _ = read(tmp_path, text(fields()), text(fields(0.001, **THERE | other)))
        assert [row["flow_count"] for row in rows] == [1, 1], other
    rows, _ = read(tmp_path, text(fields()), text(fields(10, **THERE)))
    assert [row["flow_count"] for row in rows] == [1, 1]


def test_each_line_has_one_partner_the_nearest(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path,
        text(fields(0)),
        text(fields(1, **{"src.addr": "10.1.0.1:40002"})),
        text(fields(1.001, **THERE)),
        text(fields(0.001, **THERE)),
    )
    assert [row["src_port"] for row in rows] == [40001, 40002, 40002, 40001]
    assert [row["flow_count"] for row in rows] == [1, 1, 0, 0]


def test_an_inbound_line_alone_knows_no_source_port(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, text(fields(**THERE)))
    assert ("src_port" in rows[0], rows[0]["flow_count"], rows[0]["bytes"]) == (False, 1, 120)


def test_without_a_tunnel_the_ports_are_the_connections_own(tmp_path: Path) -> None:
    bare = {"dst.addr": "10.1.0.2:8080", "dst.hbone_addr": None}
    rows, _ = read(tmp_path, text(fields(**THERE | bare)))
    assert (rows[0]["src_port"], rows[0]["dst_port"]) == (60001, 8080)


def test_what_has_no_tunnel_is_plaintext_and_the_clients_node_does_not_know_who_takes_it(
    tmp_path: Path,
) -> None:
    bare = {"dst.addr": "10.1.0.2:8080", "dst.hbone_addr": None, "src.identity": None}
    rows, _ = read(tmp_path, text(fields(**THERE | bare)), text(fields(9, **bare)))
    assert [(row["src_principal"], row.get("outer_port"), row.get("mesh_action")) for row in rows] == [
        ("none", None, 1),
        ("none", None, 0),
    ]
    rows, _ = read(tmp_path, text(fields(**THERE | {"src.identity": None})))
    assert "src_principal" not in rows[0]


def test_a_waypoint_is_where_the_connection_goes(tmp_path: Path) -> None:
    through = {"dst.addr": "10.1.0.50:15008", "dst.hbone_addr": "10.96.0.9:80", "dst.workload": "waypoint-0"}
    rows, _ = read(tmp_path, text(fields(**through)))
    assert (rows[0]["dst_ip"], rows[0]["dst_port"], rows[0]["dst_pod"]) == ("10.1.0.50", 15008, "waypoint-0")
    assert (rows[0]["service_ip"], rows[0]["service_port"]) == ("10.96.0.9", 80)
    assert (rows[0].get("outer_port"), rows[0]["mesh_action"]) == (None, 0)


def test_a_target_by_name_is_known_by_its_pod(tmp_path: Path) -> None:
    named = {"dst.addr": "127.0.0.1:15100", "dst.hbone_addr": "cart.shop.svc.cluster.local:8080"}
    rows, account = read(
        tmp_path, text(fields(**THERE | named)), text(fields(**named, **{"dst.workload": None}))
    )
    assert [(row.get("dst_ip"), row["dst_pod"], row["dst_port"]) for row in rows] == [(None, "cart-0", 8080)]
    assert rows[0]["outer_port"] == 15008
    assert account.rejected == {"bad_dst_ip": 1}


def test_a_refusal_of_the_mesh_is_no_action_and_keeps_its_name(tmp_path: Path) -> None:
    none = {"bytes_sent": 0, "bytes_recv": 0, "duration": "0ms"}
    why = "connection closed due to policy rejection: explicitly denied by: shop/no-web"
    rows, _ = read(
        tmp_path,
        text(fields(**none, error="http status: 401 Unauthorized")),
        text(fields(0.02, **THERE | none, error=why)),
        text(fields(9, **THERE | none, error=f"{why.partition(' explicitly')[0]} allow policies exist")),
    )
    assert [row["action"] for row in rows] == [0, 0, 0]
    assert [row["mesh_action"] for row in rows] == [2, 2, 2]
    assert [row.get("mesh_policy_refs") for row in rows] == [None, ["AuthorizationPolicy/shop/no-web"], None]
    assert [row["flow_count"] for row in rows] == [1, 0, 1]


def test_who_refused(tmp_path: Path) -> None:
    """Policies of PeerAuthentication have names of their own; other errors are nobody's refusal."""
    why = "connection closed due to policy rejection: "
    for error, want in (
        (f"{why}explicitly denied by: shop/no-web", (2, ["AuthorizationPolicy/shop/no-web"])),
        (
            f"{why}explicitly denied by: shop/converted_peer_authentication_db",
            (2, ["PeerAuthentication/shop/db"]),
        ),
        (
            f"{why}explicitly denied by: istio-system/istio_converted_static_strict",
            (2, ["PeerAuthentication"]),
        ),
        (f"{why}allow policies exist, but none allowed", (2, None)),
        (f"{why}workload not found", (0, None)),
        ("connection closed due to policy change", (0, None)),
        ("connection failed: Connection refused (os error 111)", (0, None)),
        ("http status: 503 Service Unavailable", (0, None)),
        ("http status: 401 Unauthorized", (2, None)),
    ):
        (row,), _ = read(tmp_path, text(fields(error=error)))
        assert (row.get("mesh_action"), row.get("mesh_policy_refs")) == want, error


def test_other_lines_are_left_out(tmp_path: Path) -> None:
    rows, account = read(
        tmp_path,
        text(fields(message="connection opened")),
        "2026-04-01T10:00:00.0Z info state:proxy{wl=shop/cart-0}:inbound{id=1} dry-run: no match ",
        "2026-04-01T10:00:00.0Z\tinfo\txds\treceived response from={istiod}",
        text(fields()),
        text(fields(bytes_sent="many")),
        text(fields(time="soon")),
        json.dumps(fields(bytes_sent="many")),
    )
    assert [row["record"] for row in rows] == [3]
    assert account.left_out == {"connection_opened": 1, "no_access_line": 2}
    assert account.rejected == {"bad_record": 2, "bad_start_time": 1}


def test_a_number_past_all_columns_costs_its_own_row(tmp_path: Path) -> None:
    rows, account = read(tmp_path, text(fields()), text(fields(3, bytes_recv=1 << 63)))
    assert [row["record"] for row in rows] == [0]
    assert account.rejected == {"bad_bytes_reverse": 1}


def test_a_target_without_a_port_is_never_the_tunnel(tmp_path: Path) -> None:
    lines = [
        text(fields(**{"dst.hbone_addr": target})) for target in ("10.1.0.2", "10.1.0.2:http", "10.1.0.2:-1")
    ]
    rows, account = read(tmp_path, *lines)
    assert (rows, account.rejected) == ([], {"bad_dst_port": 3})
