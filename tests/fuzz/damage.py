"""Examples that are nearly right: a good text in which something is replaced, doubled, left out, cut off."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

ODD = (
    *(
        b"-1",
        b"0",
        b"65536",
        b"70000",
        b"4294967296",
        b"9223372036854775808",
        b"1e999",
        b"NaN",
        b"0x1F",
        b"007",
    ),
    *(
        b"null",
        b"true",
        b"[]",
        b"{}",
        b'""',
        b'"',
        b"'",
        b"\\",
        b"\\u0000",
        b"\\ud800",
        b"[[[[",
        b"}}",
        b":",
        b"=",
    ),
    *(b"\n", b"\r\n", b"\t", b" ", b",", b";", b"-", b"--- ", b"&a ", b"*a", b"<<: ", b"!x ", b"# ", b"| "),
    *(b"\x00", b"\x1b[2J", b"\xff\xfe", b"\xc3", "\u202e".encode(), "\u0661".encode(), b"a" * 300),
    *(b"10.0.0.256", b"::ffff:10.0.0.1", b"fe80::1%eth0", b"999999-13-45T99:99:99Z", b"1969-12-31T23:59:59Z"),
)
"""What is put in the place of something."""
_TOKEN = re.compile(rb"-?\d+(?:\.\d+)*|[A-Za-z_]+|[^\sA-Za-z_0-9]")
MOST_EDITS = 6


@st.composite
def _damaged(draw: DrawFn, texts: Sequence[bytes]) -> bytes:
    data = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, MOST_EDITS))):
        if not data:
            break
        data = _edited(draw, data)
    return data


def _edited(draw: DrawFn, data: bytes) -> bytes:
    at = draw(st.integers(0, len(data) - 1))
    match draw(st.sampled_from(("token", "token", "odd", "cut", "gone", "twice", "line", "byte"))):
        case "token":
            found = _TOKEN.search(data, at)
            begin, end = (at, at) if found is None else found.span()
            return data[:begin] + draw(st.sampled_from(ODD)) + data[end:]
        case "odd":
            return data[:at] + draw(st.sampled_from(ODD)) + data[at:]
        case "cut":
            return data[:at]
        case "gone":
            return data[:at] + data[at + draw(st.integers(1, 40)) :]
        case "twice":
            end = at + draw(st.integers(1, 200))
            return data[:end] + data[at:end] + data[end:]
        case "line":
            lines = data.splitlines(keepends=True)
            one, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
            lines[one], lines[other] = lines[other], lines[one]
            return b"".join(lines)
        case _:
            return data[:at] + draw(st.binary(min_size=1, max_size=3)) + data[at + 1 :]


def damaged(texts: Sequence[bytes]) -> SearchStrategy[bytes]:
    """One of the texts, with a few edits."""
    return _damaged(texts)
