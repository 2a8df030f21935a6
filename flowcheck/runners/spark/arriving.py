"""Objects of stores on an executor: fetched ahead of its worker, which reads them as it reads any other file.

An object is judged where it was fetched, by that same task: any other would have to fetch it again.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from flowcheck.runners.fetching.ahead import Ahead
from flowcheck.runners.messages import Failed, FileOrder, Look, Looked, Setup
from flowcheck.runners.spark.sent import Given, Outcome, Said


def arrivals(
    stored: Sequence[Given], setup: Setup, folder: Path, ask: Callable[[FileOrder], Said]
) -> Iterator[Outcome | tuple[Given, str | None]]:
    """Orders to inspect objects, of what lies in ``folder`` now, with the SHA-256, in the order in which they
    come; or that one cannot be had. ``ask`` has a footer looked at. An object is there until the next is
    asked for.

    **Raises**: OSError where there is no room for them."""
    inputs = [one.stored for one in stored if one.stored is not None]
    hashed = any(one.hashed for one in stored)
    with Ahead(inputs, folder, look=setup.asks_time, hashed=hashed) as ahead:
        ahead.ask(range(len(stored)))
        while ahead.busy:
            assert ahead.descriptor is not None
            select.select([ahead.descriptor], [], [])
            for news in ahead.news():
                given = stored[news.number]
                if news.error:
                    raise news.error
                if news.reason:
                    yield Outcome(given.order, Failed(given.order.file, news.reason, news.detail))
                    continue
                path, identity = ahead.place(news.number)
                if not news.looked_at:
                    yield (
                        given._replace(order=replace(given.order, path=path, identity=identity)),
                        news.sha256,
                    )
                    ahead.release(news.number)
                    continue
                answer = ask(Look(given.order.file, path, identity, given.order.keys))
                if isinstance(answer, Looked):
                    ahead.go_on(news.number, answer.unread)
                else:
                    ahead.release(news.number)
                    yield Outcome(given.order, answer)
