"""Files packed by gzip, xz or zstd -> the bytes in them. Told by how they begin, whatever they are called.

No text begins so: each of the marks is wrong in UTF-8, or a control character. Called by ``files``.

Source: RFC 1952 (gzip), The .xz File Format, RFC 8878 (zstd, and the frames to be skipped before it).
"""

from __future__ import annotations

import gzip
import io
import lzma
import re
import zlib
from typing import Any

import pyarrow as pa

SUFFIXES = (".gz", ".xz", ".zst")
_MARKS = re.compile(
    rb"(?P<gzip>\x1f\x8b)|(?P<xz>\xfd7zXZ\0)|(?P<zstd>\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)"
)
_LONGEST_MARK = 6
_CUT_OFF = "is cut off: only its beginning is there"
_LATER = "take it again when it is whole, or leave it out"


class PackedError(Exception):
    """Why what is packed cannot be had, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def plain_name(name: str) -> str:
    """What a file is called when it is unpacked, in lower case: ``audit.log`` of ``audit.log.GZ``."""
    name = name.lower()
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)


def unpack(name: str, data: bytes, most: int) -> bytes:
    """What is packed in a file's bytes; the same bytes where nothing is.

    Raises:
        PackedError: it is damaged, or the file ends too early, or there are more than ``most`` bytes in it.
    """
    found = _MARKS.match(data)
    if found is None:
        if len(data) < _LONGEST_MARK and name.lower().endswith(SUFFIXES):
            raise PackedError(_CUT_OFF, _LATER)
        return data
    try:
        plain: bytes = _opened(found.lastgroup, data).read(most + 1)
    except EOFError:
        raise PackedError(_CUT_OFF, _LATER) from None
    except (OSError, lzma.LZMAError, zlib.error, MemoryError) as error:
        if "Truncated" in str(error):  # Arrow's word
            raise PackedError(_CUT_OFF, _LATER) from None
        message = f"is packed by {found.lastgroup}, and damaged: {str(error) or type(error).__name__}"
        raise PackedError(message, "unpack it by other means, or leave it out") from None
    if len(plain) > most:
        raise PackedError(f"is larger than {most >> 20} MiB when it is unpacked", "unpack it, and split it")
    return plain


def _opened(how: str | None, data: bytes) -> Any:
    if how == "gzip":
        return gzip.GzipFile(fileobj=io.BytesIO(data))
    if how == "xz":
        return lzma.LZMAFile(io.BytesIO(data))
    return pa.CompressedInputStream(pa.BufferReader(data), "zstd")
