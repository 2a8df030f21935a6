"""Frozen dataclasses with slots, pickled fast: dataclasses' own way asks each object for its fields."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")


def fast_to_pickle(class_: type[T]) -> type[T]:
    """For classes of which a cluster has tens of thousands, with two fields or more: 5 us each became 1."""
    names: tuple[str, ...] = class_.__slots__  # type: ignore[attr-defined]
    values_of, setters = attrgetter(*names), [getattr(class_, name).__set__ for name in names]

    def getstate(self: Any) -> Any:
        return values_of(self)

    def setstate(self: Any, values: tuple[object, ...]) -> None:
        for set_value, value in zip(setters, values, strict=True):
            set_value(self, value)

    class_.__getstate__ = getstate  # type: ignore[method-assign]
    class_.__setstate__ = setstate  # type: ignore[attr-defined]
    return class_
