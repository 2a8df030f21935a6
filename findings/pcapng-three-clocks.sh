#!/usr/bin/env bash
# Three Python readers of pcapng give three times for one packet: each leaves out another part of an interface's clock.
#
# One would guess: a packet's time is a count in units of its own interface's if_tsresol, plus that interface's if_tsoffset,
# as the format says; interfaces are counted anew in each section. A reader that lacks one of these refuses such files.
# Versions: dpkt 1.9.8, scapy 2.8.0, python-pcapng 2.1.1.
# Seen: all files here hold packets of one and the same moment, by tshark too. dpkt reads all interfaces by the clock of the
# file's first: captures of a node's interface in microseconds and of another in nanoseconds, merged into one file, have
# packets of the year 58157, or, the other way around, of January 1970, between those of today; nothing is said. Its
# UniversalReader does so too. Scapy counts interfaces on through the file, so that of two captures put one after the
# other, which the format allows for, the second is read by the first one's clock; and it ignores if_tsoffset, as
# python-pcapng does, where dpkt adds it. What has one section, one resolution and no offset, all three read alike.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check dpkt==1.9.8 scapy==2.8.0 python-pcapng==2.1.1

cat >"$work/look.py" <<'PYTHON'
import io
import struct
from importlib.metadata import version

import dpkt
import pcapng
from scapy.utils import RawPcapNgReader

MOMENT = 1_773_100_000  # seconds since 1970: in March of 2026
# An Ethernet frame of IPv4 and UDP, from 10.0.0.1 to 10.0.0.2.
FRAME = bytes.fromhex("020000000002020000000001" "0800" "4500001c000100004011" "66ce" "0a0000010a000002" "d431003500080000")


def block(kind, body):
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


SECTION = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(digits, offset=None):
    options = option(9, bytes([digits])) + (b"" if offset is None else option(14, struct.pack("<q", offset))) + option(0, b"")
    return block(1, struct.pack("<HHI", 1, 0, 65_535) + options)


def packet(number, count):
    head = struct.pack("<IIIII", number, count >> 32, count & 0xFFFF_FFFF, len(FRAME), len(FRAME))
    return block(6, head + FRAME + bytes(-len(FRAME) % 4))


MICRO, NANO = MOMENT * 10**6, MOMENT * 10**9
first, second = interface(6) + packet(0, MICRO), interface(9) + packet(0, NANO)
FILES = {
    "one interface": SECTION + first,
    "micro, nano": SECTION + interface(6) + interface(9) + packet(0, MICRO) + packet(1, NANO),
    "nano, micro": SECTION + interface(9) + interface(6) + packet(0, NANO) + packet(1, MICRO),
    "two sections": SECTION + first + SECTION + second,
    "offset": SECTION + interface(6, offset=MOMENT - 5) + packet(0, 5 * 10**6),
}


def by_scapy(file):
    return [((data.tshigh << 32) + data.tslow) / data.tsresol for _, data in RawPcapNgReader(file)]


READERS = {
    "dpkt": lambda file: [float(time) for time, _ in dpkt.pcapng.Reader(file)],
    "dpkt, universal": lambda file: [float(time) for time, _ in dpkt.pcap.UniversalReader(file)],
    "scapy": by_scapy,
    "python-pcapng": lambda file: [float(part.timestamp) for part in pcapng.FileScanner(file) if hasattr(part, "timestamp")],
}
print({name: version(name) for name in ("dpkt", "scapy", "python-pcapng")})
seen = {}
for name, file in FILES.items():
    for reader, read in READERS.items():
        seen[name, reader] = [time / MOMENT for time in read(io.BytesIO(file))]
        print(f"{name:14} {reader:16}", *(f"{times * MOMENT:,.0f}" for times in seen[name, reader]))

right = {name: [1.0] * (1 if name in ("one interface", "offset") else 2) for name in FILES}
expected = {(name, reader): times for name, times in right.items() for reader in READERS}
for reader in ("dpkt", "dpkt, universal"):
    expected["micro, nano", reader] = [1.0, 1000.0]
    expected["nano, micro", reader] = [1.0, 0.001]
    expected["two sections", reader] = [1.0, 1000.0]
expected["two sections", "scapy"] = [1.0, 1000.0]
expected["offset", "scapy"] = expected["offset", "python-pcapng"] = [5 / MOMENT]
assert seen == expected, "changed"
PYTHON
"$work/venv/bin/python" "$work/look.py"
