"""One API server: a path -> its answer, as JSON text or as a stream of lines; what it refuses, as errors.

Source: Kubernetes API concepts (verbs, status codes), meta/v1 Status; RFC 9110 Retry-After.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from flowcheck.errors import RunError
from flowcheck.live.connecting import Connection

CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
CHUNK = 1 << 16
_DEEP = 16
T = TypeVar("T")


class UnansweredError(Exception):
    """A question that got no answer."""


class ForbiddenError(UnansweredError):
    """403: who asks may not."""


class NotThereError(UnansweredError):
    """404: nothing of that name is served."""


class ExpiredError(UnansweredError):
    """410: from there on changes, or further pages, are not kept any more."""


class UnauthorizedError(UnansweredError):
    """401: the credentials are not taken."""


class BusyError(UnansweredError):
    """Worth another try, ``after`` so many seconds if it says so: 429, 5xx, a broken connection."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class _Status(msgspec.Struct):
    reason: str = ""
    code: int = 0


class ApiServer:
    """``date``: what the last answer said of the time; empty: nothing."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.date = ""
        self._errors = import_module("urllib3.exceptions")

    @property
    def host(self) -> str:
        return self.connection.host

    def get(self, path: str, type_: type[T], query: Mapping[str, str | int] | None = None) -> T:
        """The answer as a type, whose other fields are left out.

        Raises: UnansweredError; RunError where another try is no use.
        """
        with self._answer(path, query, READ_SECONDS) as answer:
            text = answer.read()
        try:
            return msgspec.json.decode(text, type=type_)
        except (msgspec.DecodeError, RecursionError):
            raise BusyError("its answer is no JSON, or cut off") from None

    def lines(
        self, path: str, query: Mapping[str, str | int], silence: float, opened: Callable[[], object]
    ) -> Iterator[bytes]:
        """The lines of an answer that goes on, until the server ends it. ``silence``: seconds without a word
        after which it is taken for dead. ``opened`` is called when the answer begins.

        Raises: as ``get``.
        """
        rest = b""
        with self._answer(path, query, silence) as answer:
            opened()
            while chunk := answer.read1(CHUNK):
                *whole, rest = (rest + chunk).split(b"\n")
                yield from whole

    @contextmanager
    def _answer(self, path: str, query: Mapping[str, str | int] | None, read_seconds: float) -> Iterator[Any]:
        url = f"{self.host}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {**self.connection.headers(), "Accept": "application/json", "User-Agent": "flowcheck"}
        timeout = import_module("urllib3").Timeout(connect=CONNECT_SECONDS, read=read_seconds)
        with self._told():
            answer = self.connection.pool.request(
                "GET", url, headers=headers, preload_content=False, timeout=timeout
            )
            try:
                self.date = answer.headers.get("Date", "")
                _refuse(answer, path)
                yield answer
                answer.release_conn()
            finally:
                answer.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What urllib3 raises as an error of ours."""
        try:
            yield
        except (self._errors.SSLError, ssl.SSLError) as error:
            raise self._no_trust(error) from None
        except self._errors.NewConnectionError as error:
            raise BusyError(_cause(error)) from None
        except self._errors.LocationParseError:
            raise RunError("is no address of an API server", where=self.connection.where) from None
        except (self._errors.HTTPError, OSError) as error:
            raise BusyError(_cause(error)) from None

    def _no_trust(self, error: Exception) -> RunError:
        found = _deepest(error)
        said = getattr(found, "verify_message", "") or getattr(found, "reason", "") or "TLS failed"
        return RunError(
            f"no trusted connection to the API server {self.host}: {said}",
            where=self.connection.where,
            hint="its cluster needs the certificate-authority-data of this server, and a client certificate "
            "that it takes",
        )


def _refuse(answer: Any, path: str) -> None:
    """Raise what a status says; nothing of an answer's text but its reason is told."""
    status = int(answer.status)
    if status == 200:
        return
    text = answer.read(CHUNK)
    refuse_status(status, text, path, answer.headers.get("Retry-After"))


def refuse_status(status: int, text: bytes, path: str, retry_after: str | None = None) -> None:
    known = {401: UnauthorizedError, 403: ForbiddenError, 404: NotThereError, 410: ExpiredError}
    if status in known:
        raise known[status](path)
    if status == 429 or status >= 500:
        after = float(retry_after) if retry_after and retry_after.isdecimal() else None
        raise BusyError(f"it answers {status}{_reason(text)}", after)
    raise RunError(
        f"the API server answers {status}{_reason(text)}", where=path, hint="is it one of Kubernetes?"
    )


def _reason(text: bytes) -> str:
    """A word such as Expired, in brackets; empty where there is none."""
    try:
        reason = msgspec.json.decode(text, type=_Status).reason
    except (msgspec.DecodeError, RecursionError):
        return ""
    return f" ({reason[:60]})" if reason.isalnum() else ""


def _cause(error: BaseException) -> str:
    """The words of the system for what went wrong, where it has some."""
    found = _deepest(error)
    if "Timeout" in type(found).__name__:
        return "no answer in time"
    return str(getattr(found, "strerror", None) or "the connection broke")


def _deepest(error: BaseException) -> BaseException:
    """The first cause."""
    for _ in range(_DEEP):
        below = error.__cause__ or error.__context__ or _wrapped(error)
        if below is None:
            break
        error = below
    return error


def _wrapped(error: BaseException) -> BaseException | None:
    """As urllib3 hands on causes: as ``reason``, or as an argument."""
    given = (getattr(error, "reason", None), *error.args)
    return next((one for one in given if isinstance(one, BaseException) and one is not error), None)
