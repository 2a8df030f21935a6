"""Access logs of Envoy in a mesh: which of a proxy's two connections a record tells of."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.schema import MESH_TOLD
from flowcheck.flows.logs.account import Account
from tests.flows.logs import read_log, recognised

AT = dt.datetime(2026, 4, 1, 10, 0, tzinfo=dt.UTC)


def request(**said: Any) -> dict[str, Any]:
    """Of a sidecar beside its client."""
    return {
        "start_time": "2026-04-01T10:00:00.000Z",
        "duration": 15,
        "protocol": "HTTP/1.1",
        "method": "GET",
        "response_code": 200,
        "response_flags": "-",
        "bytes_received": 0,
        "bytes_sent": 512,
        "downstream_remote_address": "10.1.0.1:40001",
        "downstream_local_address": "10.96.0.9:80",
        "upstream_cluster": "outbound|80||cart.shop.svc.cluster.local",
        "upstream_host": "10.1.0.2:8080",
        "upstream_local_address": "10.1.0.1:50001",
        "x_forwarded_for": "203.0.113.9, 10.1.0.77",
        **said,
    }


INBOUND = {
    "downstream_remote_address": "10.1.0.1:50001",
    "downstream_local_address": "10.1.0.2:8080",
    "upstream_cluster": "inbound|8080||",
    "upstream_host": "10.1.0.2:8080",
    "upstream_local_address": "127.0.0.6:33333",
}
"""The same request as its server's sidecar has it."""
TCP = {"protocol": None, "method": "-", "response_code": 0, "bytes_received": 30, "bytes_sent": 900}


def read(tmp_path: Path, *records: dict[str, Any] | str) -> tuple[list[dict[str, Any]], Account]:
    file = tmp_path / "proxy.log"
    texts = [record if isinstance(record, str) else json.dumps(record) for record in records]
    file.write_text("".join(text + "\n" for text in texts))
    return read_log(file, "istio")


def test_beside_the_client_the_connection_goes_from_the_proxy_to_the_pod_it_chose(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, request())
    assert rows == [
        {
            "record": 0,
            "start_time": AT,
            "end_time": AT + dt.timedelta(milliseconds=15),
            "src_ip": "10.1.0.1",
            "src_port": 50001,
            "dst_ip": "10.1.0.2",
            "dst_port": 8080,
            "protocol": 6,
            "initiator": 1,
            "action": 0,
            "observation_point": 1,
            "record_kind": 1,
            "flow_count": 0,
            "flow_count_here": 0,
            "service_ip": "10.96.0.9",
            "service_port": 80,
            "service_name": "shop/cart",
            "http_method": "GET",
            "mesh_action": 0,
        }
    ]


def test_a_gateway_is_the_source_itself_and_its_own_address_was_not_dialled(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path,
        request(downstream_remote_address="203.0.113.9:4444", downstream_local_address="10.1.0.1:8443"),
    )
    assert (rows[0]["src_ip"], rows[0]["dst_ip"], rows[0].get("service_ip")) == ("10.1.0.1", "10.1.0.2", None)


def test_before_the_server_the_peer_is_the_source(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path, request(**INBOUND), request(**INBOUND | {"downstream_remote_address": "[2001:DB8::1]:5"})
    )
    assert (rows[0]["src_ip"], rows[0]["src_port"]) == ("10.1.0.1", 50001)
    assert (rows[0]["dst_ip"], rows[0]["dst_port"], rows[0]["observation_point"]) == ("10.1.0.2", 8080, 2)
    assert rows[1]["src_ip"] == "2001:db8::1"


def test_where_nothing_was_dialled_there_is_the_downstream_connection_or_none(tmp_path: Path) -> None:
    broken = {"upstream_cluster": None, "upstream_host": "-", "upstream_local_address": None}
    rows, account = read(
        tmp_path,
        request(**INBOUND | broken, response_code=400, response_flags="DPE"),
        request(upstream_host="-", upstream_local_address=None, response_flags="UH"),
        request(upstream_cluster="BlackHoleCluster", upstream_host=None, upstream_local_address=None),
        request(upstream_local_address=None, response_flags="UF"),
    )
    assert [(row["src_ip"], row["dst_ip"], row["dst_port"], row["flow_count"]) for row in rows] == [
        ("10.1.0.1", "10.1.0.2", 8080, 0)
    ]
    assert account.left_out == {"nothing_dialled": 2, "no_proxy_address": 1}


def test_what_a_header_says_is_no_address(tmp_path: Path) -> None:
    forwarded = INBOUND | {"downstream_remote_address": "203.0.113.9:0"}
    rows, account = read(
        tmp_path,
        request(**forwarded),
        request(**forwarded, downstream_direct_remote_address="10.1.0.1:50009"),
    )
    assert [row["src_ip"] for row in rows] == ["10.1.0.1"]
    assert account.left_out == {"source_from_a_header": 1}


def test_a_request_that_both_proxies_log_is_one_connection_and_counts_none(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, request(), request(**INBOUND))
    assert {(row["src_ip"], row["src_port"], row["dst_ip"], row["dst_port"]) for row in rows} == {
        ("10.1.0.1", 50001, "10.1.0.2", 8080)
    }
    assert [(row["observation_point"], row["flow_count"], row["flow_count_here"]) for row in rows] == [
        (1, 0, 0),
        (2, 0, 0),
    ]


def test_requests_count_a_connection_where_its_id_is_logged(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path,
        request(**INBOUND, connection_id=7),
        request(**INBOUND, connection_id=7),
        request(**INBOUND | {"downstream_remote_address": "10.1.0.1:50002"}, connection_id=8),
        request(connection_id=9),
        request(upstream_connection_id="12"),
    )
    assert [row["flow_count"] for row in rows] == [1, 0, 1, 0, 1]


def test_tcp_has_a_record_for_each_connection_and_two_proxies_that_write_it(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, request(**TCP), request(**INBOUND | TCP))
    assert [row["record_kind"] for row in rows] == [3, 3]
    assert [row["observation_point"] for row in rows] == [1, 2]
    assert [row["flow_count"] for row in rows] == [1, 0]
    assert [row["flow_count_here"] for row in rows] == [1, 1]
    assert [(row.get("bytes"), row.get("bytes_reverse")) for row in rows] == [(30, 900), (None, None)]
    assert [row.get("bytes_here") for row in rows] == [None, 30]


def told(tmp_path: Path, **said: Any) -> dict[str, Any]:
    """What a mesh alone tells, of a record of the server's proxy."""
    (row,), _ = read(tmp_path, request(**INBOUND | said))
    return {name: value for name, value in row.items() if name in MESH_TOLD}


def test_a_request_as_it_was_asked(tmp_path: Path) -> None:
    asked = {"path": "/a/b?c=d", "authority": "Cart:80", "requested_server_name": "Outbound_.80_._.cart"}
    want = {"http_method": "GET", "http_path": "/a/b", "http_host": "cart:80"}
    assert told(tmp_path, **asked) == {**want, "tls_server_name": "outbound_.80_._.cart", "mesh_action": 1}
    (row,), _ = read(tmp_path, request(**asked))
    assert {name: row.get(name) for name in (*want, "tls_server_name", "mesh_action")} == {
        **want,
        **{"tls_server_name": None, "mesh_action": 0},
    }
    nothing = dict.fromkeys(("method", "path", "authority", "requested_server_name"), "-")
    assert told(tmp_path, **nothing) == {"mesh_action": 1}


WEB = "spiffe://cluster.local/ns/shop/sa/web"


@pytest.mark.parametrize(
    ("said", "want"),
    [
        ({}, None),
        ({"downstream_peer_uri_san": WEB}, WEB),
        ({"source_principal": WEB.removeprefix("spiffe://")}, WEB),
        ({"source_principal": "unknown"}, None),
        ({"downstream_peer_uri_san": f"{WEB},spiffe://other/ns/a/sa/b"}, None),
        ({"downstream_peer_uri_san": f"https://shop.example, {WEB}"}, WEB),
        ({"downstream_peer_uri_san": "-"}, "none"),
        ({"downstream_peer_uri_san": None}, "none"),
        ({"downstream_peer_uri_san": None, "requested_server_name": "outbound_.80_._.cart"}, None),
        ({"connection_security_policy": "none"}, "none"),
        ({"connection_security_policy": "unknown"}, None),
    ],
)
def test_the_clients_identity_is_the_one_the_servers_proxy_saw(
    tmp_path: Path, said: dict[str, Any], want: str | None
) -> None:
    assert told(tmp_path, **said).get("src_principal") == want
    (row,), _ = read(tmp_path, request(**said))
    assert "src_principal" not in row


def test_what_the_mesh_decided_is_the_servers_proxys_word_and_no_action(tmp_path: Path) -> None:
    named = "rbac_access_denied_matched_policy[ns[shop]-policy[no.web]-rule[3]]"
    ours = ["AuthorizationPolicy/shop/no.web"]
    refused = {"upstream_host": None, "upstream_local_address": None, "response_code": 403}
    provider = "rbac_access_denied_matched_policy[istio-ext-authz-opa-ns[shop]-policy[no.web]-rule[0]-deny]"
    for details, refs in (
        (named, ours),
        (provider, ours),
        ("rbac_access_denied_matched_policy[none]", None),
        ("ext_authz_denied", None),
    ):
        found = told(tmp_path, **refused, response_code_details=details)
        assert (found["mesh_action"], found.get("mesh_policy_refs")) == (2, refs), details
        (row,), _ = read(tmp_path, request(response_code=403, response_code_details=details))
        assert row["mesh_action"] == 0
    for details in ("via_upstream", "filter_chain_not_found", None):
        assert told(tmp_path, **refused, response_code_details=details)["mesh_action"] == 0
    ended = told(tmp_path, **TCP, connection_termination_details=named)
    assert (ended["mesh_action"], ended["mesh_policy_refs"]) == (2, ours)
    (row,), _ = read(tmp_path, request(**INBOUND, response_code_details=named))
    assert (row["action"], row.get("policy_refs")) == (0, None)


def test_bytes_that_reached_the_server_were_let_through(tmp_path: Path) -> None:
    assert told(tmp_path, **TCP)["mesh_action"] == 1
    assert told(tmp_path, **TCP | {"bytes_received": 0})["mesh_action"] == 0


def test_what_passes_through_and_the_proxys_own_ports(tmp_path: Path) -> None:
    past = {"upstream_cluster": "InboundPassthroughCluster", "upstream_host": "10.1.0.2:9999"}
    direct = {"downstream_local_address": "10.1.0.2:15006", "upstream_host": None, "upstream_cluster": None}
    rows, _ = read(
        tmp_path,
        request(**INBOUND | past | {"downstream_local_address": "10.1.0.2:9999"}),
        request(**INBOUND | direct),
    )
    assert [(row["dst_ip"], row["dst_port"], row.get("mesh_action")) for row in rows] == [
        ("10.1.0.2", 9999, 1),
        ("10.1.0.2", 15006, 0),
    ]


def test_a_clients_tunnel_is_the_address_in_it(tmp_path: Path) -> None:
    tunnel = "envoy://connect_originate/10.1.0.2:8080"
    rows, _ = read(tmp_path, request(upstream_host=tunnel))
    assert (rows[0]["dst_ip"], rows[0]["dst_port"]) == ("10.1.0.2", 8080)
    assert rows[0]["outer_port"] == 15008
    inner = "envoy://internal_client_address/"
    rows, account = read(tmp_path, request(upstream_host=tunnel, upstream_local_address=inner))
    assert rows == []
    assert account.left_out == {"no_proxy_address": 1}


INNER = "envoy://internal_client_address/"
THROUGH_WAYPOINT = {
    "upstream_cluster": "inbound-vip|80|http/v2|cart.shop.svc.cluster.local;",
    "upstream_host": "envoy://connect_originate/10.1.0.2:8080",
    "upstream_local_address": INNER,
    "authority": "cart",
    "path": "/buy?x=1",
}
"""What a waypoint writes of a request that it lets through."""


def test_a_waypoint_tells_of_its_client_the_service_and_the_pod_it_chose(tmp_path: Path) -> None:
    (row,), account = read(tmp_path, request(**THROUGH_WAYPOINT))
    assert (row["src_ip"], row["src_port"]) == ("10.1.0.1", 40001)
    assert (row["dst_ip"], row["dst_port"]) == ("10.1.0.2", 8080)
    assert (row["service_ip"], row["service_port"], row["service_name"]) == ("10.96.0.9", 80, "shop/cart")
    assert (row["observation_point"], row["mesh_action"], row.get("outer_port")) == (3, 1, None)
    assert (row["http_method"], row["http_path"], row["http_host"]) == ("GET", "/buy", "cart")
    assert account.left_out == {}


def test_what_a_waypoint_refuses_is_for_the_service(tmp_path: Path) -> None:
    details = "rbac_access_denied_matched_policy[ns[shop]-policy[buyers]-rule[0]]"
    refused = {"upstream_host": "-", "upstream_local_address": "-", "response_code": 403}
    (row,), _ = read(tmp_path, request(**THROUGH_WAYPOINT | refused, response_code_details=details))
    assert (row["dst_ip"], row["dst_port"], row["service_port"]) == ("10.96.0.9", 80, 80)
    assert (row["mesh_action"], row["observation_point"]) == (2, 3)
    assert row["mesh_policy_refs"] == ["AuthorizationPolicy/shop/buyers"]


def test_a_waypoint_sees_no_tls_by_which_to_tell_that_there_is_no_identity(tmp_path: Path) -> None:
    (row,), _ = read(tmp_path, request(**THROUGH_WAYPOINT, downstream_peer_uri_san="-"))
    assert row.get("src_principal") is None
    (row,), _ = read(tmp_path, request(**THROUGH_WAYPOINT, downstream_peer_uri_san=WEB))
    assert row["src_principal"] == WEB


def test_a_waypoint_that_does_not_tell_its_client_tells_nothing(tmp_path: Path) -> None:
    rows, account = read(tmp_path, request(**THROUGH_WAYPOINT, downstream_remote_address=INNER))
    assert rows == []
    assert account.left_out == {"no_proxy_address": 1}


def test_other_lines_of_the_proxy_and_broken_ones(tmp_path: Path) -> None:
    rows, account = read(
        tmp_path,
        "2026-04-01T10:00:00.000Z\tinfo\tcache\tgenerated new workload certificate",
        request(),
        '{"level":"info","msg":"ready"}',
        '{"start_time":"2026-04-01T10:00:0',
    )
    assert [row["record"] for row in rows] == [1]
    assert account.left_out == {"no_access_line": 2}
    assert account.rejected == {"bad_record": 1}


def test_text_is_refused_with_how_to_have_json(tmp_path: Path) -> None:
    file = tmp_path / "proxy.log"
    file.write_text(
        '[2026-04-01T10:00:00.000Z] "GET / HTTP/1.1" 200 - via_upstream - "-" 0 512 15 14 "-" "curl/8" "id" '
        '"cart:80" "10.1.0.2:8080" outbound|80||cart.shop.svc.cluster.local 10.1.0.1:50001 10.96.0.9:80 '
        "10.1.0.1:40001 - default\n"
    )
    assert recognised(file) == "istio"
    with pytest.raises(FlowFormatError, match="accessLogEncoding: JSON"):
        read_log(file, "istio")
