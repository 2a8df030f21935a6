#!/usr/bin/env bash
# Scapy reads an exporter's NetFlow by the template that another exporter sent last, and turns flows around.
#
# One would guess: templates count for the exporter and source ID (observation domain) that sent them, as RFC 3954 and
# RFC 7011 say; most exporters number theirs from 256 on.
# Versions: scapy 2.8.0, netflow 0.12.2, netflume 0.6.0.
# Seen: two exporters send template 256, one with the source address first, the other with the destination first and
# packets before bytes; then each sends a flow. Scapy, by NetflowSession and by netflowv9_defragment, keeps templates by
# their number alone: of the first exporter's flow source and destination are exchanged, and so are bytes and packets.
# Without a template in between, as each exporter sends its own only every few minutes, all that follows is read so.
# netflow does so too within what its caller keeps apart: two source IDs of one address, as line cards of a router
# are. netflume reads both as they were written.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check scapy==2.8.0 netflow==0.12.2 netflume==0.6.0

cat >"$work/look.py" <<'PYTHON'
import logging
import struct
import sys
from importlib.metadata import version
from ipaddress import IPv4Address

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)

import netflow
import netflume
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.layers.netflow import NetflowDataflowsetV9, NetflowHeader, NetflowSession, netflowv9_defragment
from scapy.utils import rdpcap, wrpcap
from scapy.sendrecv import sniff

capture = sys.argv[1]
BYTES, PACKETS, SOURCE, DESTINATION = 1, 2, 8, 12
TEMPLATES = {1: (SOURCE, DESTINATION, BYTES, PACKETS), 2: (DESTINATION, SOURCE, PACKETS, BYTES)}
FLOWS = {
    1: {SOURCE: "10.0.0.1", DESTINATION: "10.0.0.2", BYTES: 5_000, PACKETS: 5},
    2: {SOURCE: "10.9.0.1", DESTINATION: "10.9.0.2", BYTES: 7_000, PACKETS: 7},
}


def message(source, kind, body):
    header = struct.pack("!HHIIII", 9, 1, 1_000, 1_770_000_000, 0, source)
    return header + struct.pack("!HH", kind, len(body) + 4) + body


def template(source):
    fields = b"".join(struct.pack("!HH", field, 4) for field in TEMPLATES[source])
    return message(source, 0, struct.pack("!HH", 256, len(TEMPLATES[source])) + fields)


def data(source):
    values = [FLOWS[source][field] for field in TEMPLATES[source]]
    packed = [IPv4Address(value).packed if isinstance(value, str) else struct.pack("!I", value) for value in values]
    return message(source, 256, b"".join(packed))


sent = [(1, template(1)), (2, template(2)), (1, data(1)), (2, data(2))]
wrpcap(
    capture,
    [
        Ether() / IP(src=f"192.0.2.{source}", dst="192.0.2.9") / UDP(sport=2055, dport=2055) / NetflowHeader(raw)
        for source, raw in sent
    ],
)


def of_scapy(packets):
    records = [packet[NetflowDataflowsetV9].records[0] for packet in packets if NetflowDataflowsetV9 in packet]
    return [(record.IPV4_SRC_ADDR, record.IPV4_DST_ADDR, record.IN_BYTES, record.IN_PKTS) for record in records]


def of_netflow():
    kept = {"netflow": {}, "ipfix": {}}
    flows = [flow.data for _, raw in sent for flow in netflow.parse_packet(raw, kept).flows]
    return [tuple(flow[name] for name in ("IPV4_SRC_ADDR", "IPV4_DST_ADDR", "IN_BYTES", "IN_PKTS")) for flow in flows]


def of_netflume():
    decoder = netflume.Decoder()
    flows = [flow for _, raw in sent for flow in decoder.decode(raw, ("192.0.2.1", 2055)).flows]
    return [(flow["src_addr"], flow["dst_addr"], flow["octets"], flow["packets"]) for flow in flows]


written = [tuple(FLOWS[source][field] for field in TEMPLATES[1]) for source in FLOWS]
seen = {
    "scapy, NetflowSession": of_scapy(sniff(offline=capture, session=NetflowSession, quiet=True)),
    "scapy, defragment": of_scapy(netflowv9_defragment(rdpcap(capture))),
    "netflow": of_netflow(),
    "netflume": of_netflume(),
}
print({name: version(name) for name in ("scapy", "netflow", "netflume")})
print(f"{'written':22}", *written)
for name, flows in seen.items():
    print(f"{name:22}", *flows)
around = [("10.0.0.2", "10.0.0.1", 5, 5_000), written[1]]
assert seen["netflume"] == written, "changed: netflume"
assert all(flows == around for name, flows in seen.items() if name != "netflume"), "changed"
PYTHON
"$work/venv/bin/python" "$work/look.py" "$work/flows.pcap"
