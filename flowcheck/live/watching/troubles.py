"""What goes wrong while a watch goes on, said once: when it begins, and when all is well again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from flowcheck.live.watching.followed import Followed


@dataclass(slots=True)
class Troubles:
    """``say`` hears each sentence."""

    say: Callable[[str], object]
    _why: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, one: Followed, why: str) -> None:
        """Of several in the same trouble the first is named."""
        with self._lock:
            known = why in self._why.values()
            self._why[one.title] = why
            if not known:
                self.say(f"{one.resource.title}: {why}")

    def over(self, one: Followed) -> None:
        with self._lock:
            if self._why.pop(one.title, None) and not self._why:
                self.say("all is told again")
