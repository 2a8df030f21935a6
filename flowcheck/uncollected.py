"""Where very many objects are made that all stay: to look for garbage among them takes half the time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the garbage collector, where it is on. What was made meanwhile counts as old from then on: else
    all of it would be looked through as soon as the collector is back."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on and not gc.get_freeze_count():  # what somebody else froze stays so
            gc.freeze()
            gc.unfreeze()  # into the oldest generation
        if was_on:
            gc.enable()
