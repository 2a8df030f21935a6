"""How each format tells of a connection: by either end or both, in parts, again, and of its answers."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tests.runners.worlds import DB, WEB

SECOND, SOURCE, DESTINATION = 1_000_000, 1, 2
PODS = {WEB: "web", DB: "db"}
Ends = tuple[str, int, str, int]
Lines = Iterator[tuple[int, str]]
"""Each with when it was written, in microseconds."""


class Connection(NamedTuple):
    """One that ``src`` opened. ``parts``: bytes there and back, of every ten seconds; ``seen``: the ends that
    tell of it."""

    src: str
    dst: str
    src_port: int
    dst_port: int
    start: int
    parts: tuple[tuple[int, int], ...]
    seen: tuple[int, ...]

    @property
    def there(self) -> Ends:
        return self.src, self.src_port, self.dst, self.dst_port

    @property
    def back(self) -> Ends:
        return self.dst, self.dst_port, self.src, self.src_port

    def sent(self, n: int | None = None) -> tuple[int, int]:
        """Bytes there and back, of the first parts."""
        return sum(part[0] for part in self.parts[:n]), sum(part[1] for part in self.parts[:n])


class Window(NamedTuple):
    """What one end saw go one way, in ten seconds. ``leaves``: it left the node of that end."""

    end: int
    at: int
    ends: Ends
    is_first: bool
    is_back: bool
    leaves: bool
    size: int


def windows(c: Connection) -> Iterator[Window]:
    for end in c.seen:
        for n, sizes in enumerate(c.parts):
            for back, size in enumerate(sizes):
                at, leaves = c.start + 10 * SECOND * n, (end == SOURCE) != bool(back)
                yield Window(end, at, c.back if back else c.there, n == 0, bool(back), leaves, size)


def text(at: int) -> str:
    return datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def hubble(c: Connection, dice: random.Random) -> Lines:
    """Only where a policy is for the pod there is a verdict; traces tell nothing of one."""

    def event(at: int, ends: Ends, flags: dict[str, bool], **more: Any) -> tuple[int, str]:
        src, src_port, dst, dst_port = ends
        ports = {"source_port": src_port, "destination_port": dst_port, "flags": flags}
        flow = {"IP": {"source": src, "destination": dst}, "l4": {"TCP": ports}, "verdict": "FORWARDED"}
        return at, json.dumps({"flow": {**flow, "time": text(at), **more}})

    for end in c.seen:
        one, other = {"ID": 7, "identity": 9}, {"identity": 9}
        src, dst = (one, other) if end == SOURCE else (other, one)
        way = "EGRESS" if end == SOURCE else "INGRESS"
        verdict = {"event_type": {"type": 5}, "traffic_direction": way}
        decides = dice.random() < 0.7
        if decides:
            yield event(c.start, c.there, {"SYN": True}, is_reply=False, **verdict)
        trace = {"event_type": {"type": 4}}
        for n in range(dice.randint(0 if decides else 1, 2)):
            forth = {**trace, "source": src, "destination": dst}
            yield event(c.start + n, c.there, {"SYN": True}, is_reply=False, **forth)
        if dice.random() < 0.5:
            back = {**trace, "source": dst, "destination": src}
            yield event(c.start + 90, c.back, {"SYN": True, "ACK": True}, is_reply=True, **back)


def netobserv(c: Connection, dice: random.Random) -> Lines:
    for end, start, (src, src_port, dst, dst_port), is_first, is_back, leaves, size in windows(c):
        at = start + dice.randint(0, 1000) * 1000
        record = {
            **{"SrcAddr": src, "SrcPort": src_port, "DstAddr": dst, "DstPort": dst_port, "Proto": 6},
            **{"Flags": 0x10 if not is_first else 0x100 if is_back else 0x02, "Bytes": size, "Packets": 3},
            **{"TimeFlowStartMs": at // 1000, "FlowDirection": int(leaves), "AgentIP": f"192.168.0.{end}"},
        }
        yield at, json.dumps(record)
        if dice.random() < 0.2:
            yield at + 1, json.dumps({**record, "Duplicate": True, "Interface": "br-ex"})


AWS_HEADER = (
    "srcaddr dstaddr pkt-srcaddr pkt-dstaddr srcport dstport protocol packets bytes start end action "
    "log-status flow-direction tcp-flags interface-id"
)


def aws(c: Connection, dice: random.Random) -> Lines:
    """Answers with their flags only: an audit that finds out itself that a record is one adds its bytes."""
    for end, at, (src, src_port, dst, dst_port), is_first, is_back, leaves, size in windows(c):
        if is_first or not is_back:
            seconds, way = at // SECOND, "egress" if leaves else "ingress"
            flags = 0 if not is_first else 18 if is_back else 2
            yield (
                at,
                f"10.9.9.9 10.9.9.8 {src} {dst} {src_port} {dst_port} 6 3 {size} {seconds} {seconds + 9} "
                f"ACCEPT OK {way} {flags} eni-0{end}",
            )


def ocsf(c: Connection, dice: random.Random) -> Lines:
    for _, at, (src, src_port, dst, dst_port), is_first, is_back, leaves, size in windows(c):
        flags = 0 if not is_first else 18 if is_back else 2
        event = {
            **{"class_uid": 4001, "activity_id": 6, "time": at // 1000, "end_time": at // 1000 + 9000},
            "src_endpoint": {"ip": src, "port": src_port},
            "dst_endpoint": {"ip": dst, "port": dst_port},
            "connection_info": {"protocol_num": 6, "tcp_flags": flags, "direction_id": 2 if leaves else 1},
            "traffic": {"bytes": size, "packets": 3},
            "metadata": {"product": {"name": "Amazon VPC", "vendor_name": "AWS"}},
        }
        yield at, json.dumps(event)


def calico(c: Connection, dice: random.Random) -> Lines:
    """Both ends always tell: whose windows count is settled for a pair of pods, not for a connection."""
    for end in (SOURCE, DESTINATION):
        for n, (there, back) in enumerate(c.parts):
            at = c.start + n * 10 * SECOND
            into, out = (back, there) if end == SOURCE else (there, back)
            record = {
                **{"start_time": at // SECOND, "end_time": at // SECOND + 10, "action": "allow"},
                **{"source_ip": c.src, "source_name": c.src, "source_namespace": "-", "source_type": "net"},
                **{"source_port": c.src_port, "dest_ip": c.dst, "dest_name": c.dst, "dest_port": c.dst_port},
                **{"dest_namespace": "-", "dest_type": "net", "reporter": "src" if end == SOURCE else "dst"},
                **{"num_flows": 1, "num_flows_started": int(n == 0), "proto": "tcp"},
                **{"bytes_in": into, "bytes_out": out, "packets_in": 1, "packets_out": 1},
            }
            yield at, json.dumps(record)


def gcp(c: Connection, dice: random.Random) -> Lines:
    """Without the answers: nothing tells that they are some but ports."""
    for end, at, (src, src_port, dst, dst_port), _, is_back, _, size in windows(c):
        if not is_back:
            connection = {"src_ip": src, "src_port": src_port, "dest_ip": dst, "dest_port": dst_port}
            record = {
                "connection": {**connection, "protocol": 6},
                "reporter": "SRC" if end == SOURCE else "DEST",
                **{"bytes_sent": str(size), "packets_sent": "3", "start_time": text(at)},
            }
            yield at, json.dumps({"jsonPayload": record, "logName": "x/compute.googleapis.com%2Fvpc_flows"})


def azure(c: Connection, dice: random.Random) -> Lines:
    for end in c.seen:
        head = f"{c.src},{c.dst},{c.src_port},{c.dst_port},6,{'O' if end == SOURCE else 'I'}"
        yield c.start, f"{c.start // 1000},{head},B,NX,0,0,0,0"
        for n, (there, back) in enumerate(c.parts, 1):
            at, state = c.start + n * 10 * SECOND, "E" if n == len(c.parts) else "C"
            yield at, f"{at // 1000},{head},{state},NX,2,{there},2,{back}"


def antrea(c: Connection, dice: random.Random) -> Lines:
    for end in c.seen:
        side, address = ("source", c.src) if end == SOURCE else ("destination", c.dst)
        named = {"sourcePodName": "", "destinationPodName": ""}
        named |= {f"{side}PodName": PODS[address], f"{side}PodNamespace": "shop"}
        for n, (there, back) in enumerate(c.parts, 1):
            at = c.start // SECOND
            record = {
                **{"flowStartSeconds": at, "flowEndSeconds": at + 10 * n, "protocolIdentifier": 6},
                **{"sourceIP": c.src, "sourceTransportPort": c.src_port, "destinationIP": c.dst},
                **{"destinationTransportPort": c.dst_port, "octetDeltaCount": there, "packetDeltaCount": 2},
                **{"reverseOctetDeltaCount": back, "reversePacketDeltaCount": 2, **named},
                **{"octetTotalCount": c.sent(n)[0]},
            }
            yield c.start + n * 10 * SECOND, json.dumps(record)


def ovn(c: Connection, dice: random.Random) -> Lines:
    for end in c.seen:
        way = "from-lport" if end == SOURCE else "to-lport"
        for n in range(dice.randint(1, 3)):
            at = c.start + n * SECOND
            yield (
                at,
                f'{text(at)}|00001|acl_log(ovn_pinctrl0)|INFO|name="NP:shop:x:Ingress:0", verdict=allow, '
                f"severity=info, direction={way}: tcp,vlan_tci=0x0000,dl_src=0a:58:0a:00:00:01,"
                f"dl_dst=0a:58:0a:00:00:02,nw_src={c.src},nw_dst={c.dst},nw_tos=0,nw_ecn=0,nw_ttl=64,"
                f"tp_src={c.src_port},tp_dst={c.dst_port},tcp_flags=syn",
            )


def eks_agent(c: Connection, dice: random.Random) -> Lines:
    for end in c.seen:
        out, into = ("egress", "ingress") if end == SOURCE else ("ingress", "egress")
        ways = [(c.there, out), *[(c.back, into)] * dice.randint(0, 2)]
        for n, ((src, src_port, dst, dst_port), way) in enumerate(ways):
            at = c.start + n * SECOND
            said = (
                f"Flow Info: Src IP: {src} Src Port: {src_port} Dest IP: {dst} Dest Port: {dst_port} "
                f"Proto TCP Verdict ACCEPT Direction {way}, Tier NETWORK_POLICY"
            )
            yield at, json.dumps({"level": "debug", "ts": text(at), "msg": said})


def gke(c: Connection, dice: random.Random) -> Lines:
    for end in c.seen:
        connection = {
            **{"src_ip": c.src, "src_port": c.src_port, "dest_ip": c.dst, "dest_port": c.dst_port},
            **{"protocol": "tcp", "direction": "egress" if end == SOURCE else "ingress"},
        }
        for n in range(dice.randint(1, 2)):
            at = c.start + n * SECOND
            yield at, json.dumps({"connection": connection, "disposition": "allow", "timestamp": text(at)})


def conntrack(c: Connection, dice: random.Random) -> Lines:
    """Dump after dump, in one zone or two; counters grow."""
    for n in range(1, len(c.parts) + 1):
        there, back = c.sent(n)
        for zone in range(len(c.seen)):
            yield (
                c.start + n * 10 * SECOND,
                f"tcp,orig=(src={c.src},dst={c.dst},sport={c.src_port},dport={c.dst_port},packets=3,"
                f"bytes={there}),reply=(src={c.dst},dst={c.src},sport={c.dst_port},dport={c.src_port},"
                f"packets=3,bytes={back}),start={text(c.start)[:-4]},id=7,zone={zone},status=CONFIRMED,"
                "timeout=86399,protoinfo=(state_orig=ESTABLISHED,state_reply=ESTABLISHED)",
            )


def zeek(c: Connection, dice: random.Random) -> Lines:
    there, back = c.sent()
    record = {
        **{"ts": c.start / SECOND, "uid": f"C{c.src_port}", "id.orig_h": c.src, "id.orig_p": c.src_port},
        **{"id.resp_h": c.dst, "id.resp_p": c.dst_port, "proto": "tcp", "conn_state": "SF"},
        **{"history": "ShADadFf", "orig_ip_bytes": there, "resp_ip_bytes": back},
    }
    yield c.start, json.dumps(record)


def ztunnel(c: Connection, dice: random.Random) -> Lines:
    for end in c.seen:
        at = c.start + 5 * SECOND + dice.randint(0, 1000)
        out = end == SOURCE
        sent, received = c.sent() if out else c.sent()[::-1]
        yield (
            at,
            f"{text(at)}\tinfo\taccess\tconnection complete\t"
            f"src.addr={c.src}:{c.src_port if out else 60_000} "
            f'src.workload="{PODS[c.src]}" src.namespace="shop" dst.addr={c.dst}:15008 '
            f'dst.hbone_addr={c.dst}:{c.dst_port} dst.workload="{PODS[c.dst]}" dst.namespace="shop" '
            f'direction="{"outbound" if out else "inbound"}" bytes_sent={sent} bytes_recv={received} '
            'duration="5000ms"',
        )


TELL: dict[str, Callable[[Connection, random.Random], Lines]] = {
    **{"hubble": hubble, "netobserv": netobserv, "aws": aws, "ocsf": ocsf, "calico": calico, "gcp": gcp},
    **{"azure": azure, "antrea": antrea, "ovn": ovn, "eks-agent": eks_agent, "gke": gke},
    **{"conntrack": conntrack, "zeek": zeek, "ztunnel": ztunnel},
}
NO_BYTES = frozenset({"hubble", "ovn", "eks-agent", "gke"})
