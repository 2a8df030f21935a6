"""Objects that are pickled fast are what they were, frozen and without fields left out."""

from __future__ import annotations

import copy
from dataclasses import FrozenInstanceError, fields

import pytest

from flowcheck.model.cluster import ContainerPort, Pod, Workload
from flowcheck.model.places import SourceLocation
from flowcheck.model.timeline import Lifetime
from tests.builders import make_pod, make_policy, make_service


@pytest.mark.parametrize(
    "thing",
    [
        make_pod("web", "10.0.0.1", labels="app=web", ports="http=80"),
        make_policy("web", subject="app=web", ingress=[]),
        make_service("x/web"),
        SourceLocation("a.yaml", 3),
        Lifetime.exact(1, 2),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_what_comes_back_is_the_same(thing: object) -> None:
    back = copy.copy(thing)  # by the same two methods
    assert back is not thing
    assert back == thing
    assert repr(back) == repr(thing)
    with pytest.raises(FrozenInstanceError):
        setattr(back, fields(back)[0].name, None)


@pytest.mark.parametrize("class_", [ContainerPort, Pod, Workload, SourceLocation, Lifetime])
def test_no_field_is_left_out(class_: type) -> None:
    assert tuple(field.name for field in fields(class_)) == class_.__slots__  # type: ignore[attr-defined]
