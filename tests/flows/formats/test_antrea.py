"""Antrea: the same flows from ClickHouse, S3, the aggregator's log and an IPFIX collector."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats.antrea.layouts import LOGGED, UPLOADED
from flowcheck.flows.logs.account import Account
from tests.flows.logs import read_log, recognised

Rows = list[dict[str, Any]]
FLOW: dict[str, Any] = {
    **{"flowStartSeconds": 1780300800, "flowEndSeconds": 1780300860, "flowEndReason": 2},
    **{"sourceIP": "10.3.0.5", "destinationIP": "10.3.1.6", "sourceTransportPort": 40700},
    **{"destinationTransportPort": 8080, "protocolIdentifier": 6},
    **{"packetTotalCount": 500, "octetTotalCount": 70000, "packetDeltaCount": 20, "octetDeltaCount": 3000},
    **{"reversePacketTotalCount": 400, "reverseOctetTotalCount": 60000},
    **{"reversePacketDeltaCount": 10, "reverseOctetDeltaCount": 900},
    **{"sourcePodName": "web-0", "sourcePodNamespace": "shop", "sourceNodeName": "n1"},
    **{"destinationPodName": "api-0", "destinationPodNamespace": "back", "destinationNodeName": "n2"},
    **{"destinationClusterIP": "10.96.4.4", "destinationServiceIP": "10.96.4.4"},
    **{"destinationServicePort": 80, "destinationServicePortName": "back/api:http"},
    **{"ingressNetworkPolicyName": "in", "ingressNetworkPolicyNamespace": "back"},
    **{"ingressNetworkPolicyRuleName": "r1", "ingressNetworkPolicyRuleAction": 2},
    **{
        "ingressNetworkPolicyType": 2,
        "egressNetworkPolicyName": "out",
        "egressNetworkPolicyNamespace": "shop",
    },
    **{"egressNetworkPolicyRuleName": "", "egressNetworkPolicyRuleAction": 1, "egressNetworkPolicyType": 1},
    **{"tcpState": "ESTABLISHED", "flowType": 2},
    **{"sourcePodLabels": '{"app":"web","tier":"front"}', "destinationPodLabels": ""},
    **{
        "clusterUUID": "c-1",
        "timeInserted": 1780300861,
        "egressName": "",
        "egressIP": "",
        "egressNodeName": "",
    },
}
ROW = {
    **{"record": 0, "src_ip": "10.3.0.5", "src_port": 40700, "dst_ip": "10.3.1.6", "dst_port": 8080},
    **{"protocol": 6, "initiator": 1, "action": 2, "egress_action": 1, "ingress_action": 2},
    **{"policy_refs": ["AntreaNetworkPolicy/back/in", "NetworkPolicy/shop/out"]},
    **{"observation_point": 4, "observer": "n1", "record_kind": 3, "flow_count": 1, "flow_count_here": 1},
    **{"src_namespace": "shop", "src_pod": "web-0", "dst_namespace": "back", "dst_pod": "api-0"},
    **{"service_ip": "10.96.4.4", "service_port": 80, "service_name": "back/api"},
}
COUNTED = {"bytes": 3000, "packets": 20, "bytes_reverse": 900, "packets_reverse": 10}
START, END = "2026-06-01T08:00:00+00:00", "2026-06-01T08:01:00+00:00"


def _uploaded(columns: list[str], **fields: Any) -> str:
    """A line of the S3 uploader, which puts single quotes round labels."""
    flow = FLOW | fields
    return ",".join(
        f"'{flow[name]}'" if name.endswith("Labels") else str(flow.get(name, 7)) for name in columns
    )


def _logged(columns: list[str], **fields: Any) -> str:
    flow = FLOW | fields
    return ",".join(str(flow[name]) for name in columns)


def _read(tmp_path: Path, text: str, **asked: Any) -> tuple[Rows, Account]:
    file = tmp_path / "flows"
    file.write_text(text)
    assert recognised(file) == "antrea"
    return read_log(file, "antrea", **asked)


def _taken(row: dict[str, Any]) -> dict[str, Any]:
    """The row without its times, which are looked at."""
    assert (row.pop("start_time").isoformat(), row.pop("end_time").isoformat()) == (START, END)
    return row


def _size(columns: list[str]) -> str:
    return f"{len(columns)} to {columns[-1]}"


OLD = [name for name in UPLOADED if name != "destinationServiceIP"]
OLD_LOGGED = [name for name in LOGGED if name != "destinationServiceIP"]


@pytest.mark.parametrize(
    "columns",
    [UPLOADED, UPLOADED[:52], OLD, OLD[:51], OLD[:49]],
    ids=_size,
)
def test_a_file_of_the_s3_uploader(tmp_path: Path, columns: list[str]) -> None:
    (row,), account = _read(tmp_path, _uploaded(columns) + "\n")
    assert _taken(row) == ROW | COUNTED
    assert account.warnings == []


@pytest.mark.parametrize(
    "columns", [LOGGED, LOGGED[:29], OLD_LOGGED, OLD_LOGGED[:28], OLD_LOGGED[:26]], ids=len
)
def test_a_line_of_the_aggregators_log_has_no_counters(tmp_path: Path, columns: list[str]) -> None:
    (row,), _ = _read(tmp_path, _logged(columns) + "\n")
    assert _taken(row) == ROW


def test_the_log_may_have_names_for_numbers(tmp_path: Path) -> None:
    names = {
        **{"protocolIdentifier": "TCP", "ingressNetworkPolicyRuleAction": "Reject"},
        **{"ingressNetworkPolicyType": "AntreaNetworkPolicy", "egressNetworkPolicyRuleAction": "Allow"},
        **{"egressNetworkPolicyType": "K8sNetworkPolicy"},
    }
    (row,), _ = _read(tmp_path, _logged(LOGGED, **names) + "\n")
    assert _taken(row) == ROW


def _in_clickhouse(**fields: Any) -> dict[str, Any]:
    """64-bit numbers are text there, and times too."""
    times = {"flowStartSeconds": "2026-06-01T08:00:00Z", "flowEndSeconds": "2026-06-01T08:01:00Z"}
    flow = FLOW | times | fields
    return {name: str(value) if name.endswith("Count") else value for name, value in flow.items()}


def test_json_of_clickhouse(tmp_path: Path) -> None:
    (row,), _ = _read(tmp_path, json.dumps(_in_clickhouse(trusted=0)) + "\n")
    assert _taken(row) == ROW | COUNTED


def test_one_document_of_records(tmp_path: Path) -> None:
    """ClickHouse's JSON, and the list that antctl prints, with the names of IPFIX elements."""
    clickhouse = {"meta": [{"name": "sourceIP", "type": "String"}], "data": [_in_clickhouse(), 7], "rows": 2}
    listed = {name: value for name, value in FLOW.items() if not name.endswith("IP")} | {
        **{"sourceIPv4Address": "10.3.0.5", "destinationIPv4Address": "10.3.1.6", "egressIP": None},
        **{"destinationServiceIPv4": "10.96.4.4", "destinationClusterIPv4": "10.96.4.4"},
    }
    for document, broken in ((clickhouse, 1), ([listed], 0)):
        (row,), account = _read(tmp_path, json.dumps(document, indent=2))
        assert _taken(row) == ROW | COUNTED
        assert account.rejected.total() == broken
    with pytest.raises(FlowFormatError, match="is none"):
        _read(tmp_path, json.dumps([listed])[:-1])


def test_times_of_clickhouse_are_of_a_zone_that_a_person_tells(tmp_path: Path) -> None:
    local = json.dumps(_in_clickhouse(flowStartSeconds="2026-06-01 10:00:00"))
    (row,), _ = _read(tmp_path, local, time_zone="Europe/Berlin")
    assert _taken(row) == ROW | COUNTED
    with pytest.raises(FlowFormatError, match="without a time zone") as raised:
        _read(tmp_path, local)
    assert "--time-zone" in raised.value.hint


def _with_header(separator: str) -> str:
    flow = _in_clickhouse()
    names = list(reversed(flow))
    quote = '"' if separator == "," else ""
    values = [
        quote + value.replace('"', quote * 2 or '"') + quote if isinstance(value, str) else str(value)
        for value in (flow[name] for name in names)
    ]
    header = separator.join(f"{quote}{name}{quote}" for name in names)
    return "\n".join([header, separator.join(values), header, ""])


@pytest.mark.parametrize("separator", [",", "\t"])
def test_lines_with_a_header(tmp_path: Path, separator: str) -> None:
    (row,), account = _read(tmp_path, _with_header(separator))
    assert _taken(row) == ROW | COUNTED | {"record": 1}
    assert account.left_out == {"header": 2}


def test_columns_that_a_person_names(tmp_path: Path) -> None:
    file = tmp_path / "flows.csv"
    file.write_text("1780300800,10.3.0.5,10.3.1.6,40700,8080,17,\\N\n1780300800,10.3.0.5\n")
    columns = ("flowStartSeconds", "sourceIP", "destinationIP", "sourceTransportPort")
    (row,), account = read_log(
        file,
        "antrea",
        fields=(*columns, "destinationTransportPort", "protocolIdentifier", "sourcePodName"),
    )
    assert (row["protocol"], row["dst_port"], row["observation_point"]) == (17, 8080, 3)
    assert account.rejected == {"bad_record": 1}


@pytest.mark.parametrize("seconds", [pa.uint32(), pa.timestamp("ms", tz="UTC")])
@pytest.mark.parametrize("text", [pa.string(), pa.binary()])
def test_parquet_of_clickhouse(tmp_path: Path, seconds: pa.DataType, text: pa.DataType) -> None:
    columns = {
        name: pa.array([value]).cast(text if isinstance(value, str) else pa.uint64())
        for name, value in FLOW.items()
    }
    for name in ("flowStartSeconds", "flowEndSeconds"):
        scale = 1000 if pa.types.is_timestamp(seconds) else 1
        columns[name] = pa.array([FLOW[name] * scale], pa.int64()).cast(seconds)
    file = tmp_path / "flows.parquet"
    pq.write_table(pa.table(columns), file)
    assert recognised(file) == "antrea"
    (row,), _ = read_log(file, "antrea")
    assert _taken(row) == ROW | COUNTED


def test_bytes_that_are_no_text_are_a_fault_of_the_file(tmp_path: Path) -> None:
    columns = {name: pa.array([value]) for name, value in FLOW.items()}
    broken = pa.array([b"10.3.\xff.6"]).view(pa.string())
    pq.write_table(pa.table(columns | {"destinationIP": broken}), tmp_path / "flows.parquet")
    with pytest.raises(FlowFormatError, match="cannot be decoded"):
        read_log(tmp_path / "flows.parquet", "antrea")


def _listed(**fields: Any) -> str:
    """As a collector prints it: addresses are elements of their own, and what is unset is zero."""
    flow = {name: value for name, value in FLOW.items() if not name.endswith("IP")} | fields
    flow |= {"sourceIPv4Address": "10.3.0.5", "destinationIPv4Address": "10.3.1.6"}
    head = "IPFIX-HDR:\n  version: 10,  Message Length: 617\n  Sequence No.: 1\nDATA SET:\n  DATA RECORD-0:\n"
    return head + "".join(f"    {name}: {value} \n" for name, value in flow.items())


def test_a_listing_of_a_collector(tmp_path: Path) -> None:
    unset = {"destinationServicePort": 0, "destinationServicePortName": "", "proxySnatIPv4": "0.0.0.0"}
    second = {
        "destinationServiceIPv6": "::",
        "destinationServiceIPv4": "10.96.4.4",
        "destinationClusterIPv4": "0.0.0.0",
    }
    first = _listed(**unset) + "\n"
    rows, account = _read(tmp_path, first + _listed(**second))
    service = {name: ROW[name] for name in ROW if name.startswith("service")}
    without = {name: value for name, value in ROW.items() if name not in service}
    assert _taken(rows[0]) == without | COUNTED | {"record": 4}
    assert {name: rows[1][name] for name in service} == service
    assert (rows[1]["record"], rows[1]["flow_count"], account.records) == (first.count("\n") + 4, 0, 2)


@pytest.mark.parametrize(
    ("egress", "ingress", "expected"),
    [
        (0, 0, (0, None, None)),
        (1, 0, (1, 1, None)),
        (0, 1, (1, None, 1)),
        (3, 0, (2, 2, None)),
        (1, 2, (2, 1, 2)),
        ("Invalid", "", (0, None, None)),
    ],
)
def test_what_either_side_decided(
    tmp_path: Path, egress: Any, ingress: Any, expected: tuple[Any, ...]
) -> None:
    (row,), _ = _read(
        tmp_path,
        _logged(LOGGED, egressNetworkPolicyRuleAction=egress, ingressNetworkPolicyRuleAction=ingress),
    )
    assert (row["action"], row.get("egress_action"), row.get("ingress_action")) == expected


@pytest.mark.parametrize(
    ("type_", "namespace", "reference"),
    [
        (1, "shop", "NetworkPolicy/shop/out"),
        (3, "", "AntreaClusterNetworkPolicy/out"),
        (4, "", "ClusterNetworkPolicy/out"),
        (9, "shop", "policy/shop/out"),
    ],
)
def test_kinds_of_policies(tmp_path: Path, type_: int, namespace: str, reference: str) -> None:
    policy = {"egressNetworkPolicyType": type_, "egressNetworkPolicyNamespace": namespace}
    (row,), _ = _read(tmp_path, _logged(LOGGED, **policy, ingressNetworkPolicyName=""))
    assert row["policy_refs"] == [reference]


def test_a_connection_counts_once_and_what_is_added_adds_up(tmp_path: Path) -> None:
    deltas = ((20, 3000), (30, 5000), (1, 52))
    lines = [
        _uploaded(
            UPLOADED, flowEndSeconds=1780300860 + 60 * n, packetDeltaCount=packets, octetDeltaCount=octets
        )
        for n, (packets, octets) in enumerate(deltas)
    ]
    later = _uploaded(UPLOADED, flowStartSeconds=1780301800)
    rows, _ = _read(tmp_path, "\n".join([*lines, later]))
    assert [row["flow_count"] for row in rows] == [1, 0, 0, 1]
    assert sum(row["bytes"] for row in rows[:3]) == 8052
    assert sum(row["packets"] for row in rows[:3]) == 51


def test_of_both_nodes_one_counts_the_bytes(tmp_path: Path) -> None:
    """Where the aggregator only passes records on."""
    rows, _ = _read(
        tmp_path,
        "\n".join(
            [
                _uploaded(UPLOADED, destinationPodName=""),
                _uploaded(UPLOADED, sourcePodName="", flowStartSeconds=1780300801),
            ]
        ),
    )
    assert [(row["observation_point"], row["flow_count"], row["flow_count_here"]) for row in rows] == [
        (1, 1, 1),
        (2, 0, 1),
    ]
    assert [(row.get("bytes"), row.get("bytes_here")) for row in rows] == [(3000, None), (None, 3000)]


def test_to_the_outside(tmp_path: Path) -> None:
    (row,), _ = _read(
        tmp_path,
        _uploaded(
            UPLOADED,
            **{"destinationIP": "2001:DB8::9", "sourceIP": "fd00:3::5", "destinationPodName": ""},
            **{"destinationPodNamespace": "", "destinationClusterIP": "::", "destinationServiceIP": ""},
            **{"destinationServicePort": 0, "destinationServicePortName": "", "egressName": "out"},
            **{"egressIP": "fd00:ffff::1", "flowType": 3},
        ),
    )
    assert (row["dst_ip"], row["nat_src_ip"], row["observation_point"]) == ("2001:db8::9", "fd00:ffff::1", 1)
    assert not {"service_ip", "service_port", "service_name", "dst_pod", "dst_namespace"} & row.keys()


def test_from_the_outside(tmp_path: Path) -> None:
    """Each node's own counters were mixed up for years; totals grow; neither is read."""
    fields = _in_clickhouse(
        **{"sourcePodName": "", "sourcePodNamespace": "", "flowType": 4, "flowDirection": 255},
        **{"proxySnatIPv4": "172.19.0.3", "proxySnatIPv6": "::", "proxySnatPort": 30100},
        **{"octetDeltaCountFromSourceNode": 9, "octetTotalCountFromDestinationNode": 8},
    )
    (row,), _ = _read(tmp_path, json.dumps(fields) + "\n")
    assert (row["nat_src_ip"], row["observation_point"], row["dst_pod"]) == ("172.19.0.3", 2, "api-0")
    assert {name: row[name] for name in COUNTED} == COUNTED
    assert not {"src_pod", "src_namespace"} & row.keys()


def test_a_broken_line_costs_that_line(tmp_path: Path) -> None:
    rows, account = _read(
        tmp_path,
        "\n".join(
            [
                _uploaded(UPLOADED),
                _uploaded(UPLOADED)[:200],
                _uploaded(UPLOADED, sourceTransportPort=70000),
                _uploaded(UPLOADED, flowStartSeconds=0),
                _uploaded(UPLOADED, octetDeltaCount="many"),
                '{"sourceIP": "10.3.0.5", ',
                '{"hello": "world"}',
                _uploaded(UPLOADED, sourceTransportPort=40701),
            ]
        ),
    )
    assert [row["record"] for row in rows] == [0, 7]
    assert account.rejected == {"bad_record": 3, "bad_src_port": 1, "bad_start_time": 1}
    assert account.left_out == {"no_flow": 1}
