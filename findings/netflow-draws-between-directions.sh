#!/usr/bin/env bash
# netflow reads the bytes of one direction of a biflow or of the other, and the packets likewise, as their values hash.
#
# One would guess: octetDeltaCount is the standard's element 1, and the answer's bytes, element 1 of enterprise 29305
# (RFC 5103; YAF and Antrea, among others, export biflows so), have another name or are left out.
# Versions: netflow 0.12.2, ipfix 0.9.7 (which writes the message here), netflume 0.6.0.
# Seen: of an enterprise's element netflow looks at the number only, and gives it the name of the standard's element of
# that number. A record's fields are kept as a set of (number, value), of which a dictionary is made: the one of the two
# that the set yields last stays, and which that is depends on the values. Of 100 biflows, which differ in their counts
# and one port only, octetDeltaCount is the answer's for 46 and packetDeltaCount for 68; for 56, bytes are of one
# direction and packets of the other. Sending the answer's fields first does not change what is drawn, but for a few.
# netflume and ipfix read both directions as they were written.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check netflow==0.12.2 ipfix==0.9.7 netflume==0.6.0

cat >"$work/look.py" <<'PYTHON'
import io
from collections import Counter
from importlib.metadata import version
from ipaddress import IPv4Address

import ipfix.ie
import ipfix.reader
import ipfix.template
import ipfix.writer
import netflow
import netflume

ipfix.ie.use_iana_default()
ipfix.ie.use_5103_default()
KEYS = ["sourceIPv4Address", "destinationIPv4Address", "sourceTransportPort", "destinationTransportPort"]
KEYS += ["protocolIdentifier"]
THERE = ["octetDeltaCount", "packetDeltaCount"]
BACK = ["reverseOctetDeltaCount", "reversePacketDeltaCount"]

def biflow(n):
    ends = [IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2"), 40_000 + n, 443, 6]
    counts = [1_000 + 37 * n, 10 + n, 900_000 + 1_013 * n, 700 + n]
    return dict(zip(KEYS + THERE + BACK, ends + counts, strict=True))


biflows = [biflow(n) for n in range(100)]


def message(names):
    stream = io.BytesIO()
    writer = ipfix.writer.to_stream(stream, mtu=65_000)
    writer.set_domain(1)
    writer.add_template(ipfix.template.from_ielist(256, ipfix.ie.spec_list(names)))
    writer.set_export_template(256)
    for flow in biflows:
        writer.export_namedict(flow)
    writer.flush()
    return stream.getvalue()


def drawn(names):
    counts = Counter()
    for flow, record in zip(biflows, netflow.parse_packet(message(names), {"netflow": {}, "ipfix": {}}).flows, strict=True):
        sides = []
        for there, back in zip(THERE, BACK, strict=True):
            assert record.data[there] in (flow[there], flow[back]), "changed: another value"
            sides.append("there" if record.data[there] == flow[there] else "back")
        counts[f"bytes {sides[0]}, packets {sides[1]}"] += 1
    return dict(sorted(counts.items()))


first, last = drawn(KEYS + THERE + BACK), drawn(BACK + KEYS + THERE)
print(f"netflow {version('netflow')}:", first)
print("with the answer's fields first:", last)

plain = message(KEYS + THERE + BACK)
names = ["octets", "packets", "e29305.1", "e29305.2"]
read = [[flow[name] for name in names] for flow in netflume.Decoder().decode(plain, ("192.0.2.1", 4739)).flows]
again = [[flow[name] for name in THERE + BACK] for flow in ipfix.reader.from_stream(io.BytesIO(plain)).namedict_iterator()]
written = [[flow[name] for name in THERE + BACK] for flow in biflows]
print("netflume and ipfix read what was written:", read == written, again == written)
assert read == again == written, "changed: the other two"
assert len(first) == len(last) == 4 and min(*first.values(), *last.values()) >= 5, "changed"
PYTHON
"$work/venv/bin/python" "$work/look.py"
