"""Times as whoever wrote a log saw them on a clock, without a zone: a person has to tell it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flowcheck.errors import FlowFormatError


class LocalTimes:
    """Of the log at ``path``. ``time_zone``: an IANA name, empty where nobody told; ``hint`` then says which
    it is.

    **Raises**: FlowFormatError where there is no such zone.
    """

    def __init__(self, time_zone: str, path: str, hint: str) -> None:
        self._path, self._hint = path, hint
        try:
            self._zone = ZoneInfo(time_zone) if time_zone else None
        except (KeyError, ValueError, OSError) as error:
            raise FlowFormatError(
                f"{time_zone[:60]!r} is no time zone", hint="say an IANA name such as Europe/Berlin, or UTC"
            ) from error

    def microseconds(self, time: datetime) -> int:
        """Since 1970 UTC; a time that has a zone keeps it.

        **Raises**: FlowFormatError where nobody told the zone.
        """
        if time.tzinfo is None:
            if self._zone is None:
                raise FlowFormatError(
                    f"has times without a time zone, such as {time}", where=self._path, hint=self._hint
                )
            time = time.replace(tzinfo=self._zone)
        return int(time.timestamp()) * 1_000_000 + time.microsecond
