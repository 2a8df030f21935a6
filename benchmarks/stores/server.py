"""As little of S3 as reading takes: a folder's files by HEAD and GET with ranges, and listings; no signature
is looked at. For measurements, where moto's server would be what is measured.

    python -m benchmarks.stores.server FOLDER PORT [DELAY_MS]
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from wsgiref.handlers import format_date_time
from xml.sax.saxutils import escape


class Server(ThreadingHTTPServer):
    """Bucket ``bench`` is the folder. ``delay``: seconds before each answer, as of a store that is further
    off."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, folder: Path, port: int, delay: float = 0.0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.folder, self.delay = folder, delay
        self.requests = self.bytes = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        time.sleep(self.server.delay)
        parts = urlsplit(self.path)
        key = unquote(parts.path).removeprefix("/bench").removeprefix("/")
        query = parse_qs(parts.query)
        self.server.requests += 1
        if "counts" in query:
            self._text(f"{self.server.requests} {self.server.bytes}")
        elif "list-type" in query:
            self._text(self._listing(query.get("prefix", [""])[0]))
        elif (file := self.server.folder / key).is_file():
            self._file(file)
        else:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _file(self, file: Path) -> None:
        status = file.stat()
        begin, end = 0, status.st_size
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if wanted:
            begin, end = int(wanted[1]), min(int(wanted[2]) + 1, end)
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(end - begin))
        self.send_header("ETag", f'"{hashlib.md5(f"{file}{status.st_mtime_ns}".encode()).hexdigest()}"')
        self.send_header("Last-Modified", format_date_time(status.st_mtime))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.flush()
        self.server.bytes += end - begin
        with file.open("rb") as content, contextlib.suppress(BrokenPipeError):
            while begin < end:
                begin += os.sendfile(self.connection.fileno(), content.fileno(), begin, end - begin)

    def _listing(self, prefix: str) -> str:
        folder = self.server.folder / prefix
        files, folders = [], []
        for one in sorted(folder.iterdir()) if folder.is_dir() else ():
            key = escape(f"{prefix}{one.name}")
            if one.is_dir():
                folders.append(f"<CommonPrefixes><Prefix>{key}/</Prefix></CommonPrefixes>")
            else:
                when = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(one.stat().st_mtime))
                size = one.stat().st_size
                files.append(
                    f"<Contents><Key>{key}</Key><LastModified>{when}</LastModified><Size>{size}</Size></Contents>"
                )
        return (
            f"<ListBucketResult><IsTruncated>false</IsTruncated>{''.join(files + folders)}</ListBucketResult>"
        )

    def _text(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    Server(
        Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000 if sys.argv[3:] else 0.0
    ).serve_forever()
