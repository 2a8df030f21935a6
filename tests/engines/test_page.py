"""docs/cni.md is what the profiles say, and the profiles say something of everything."""

from __future__ import annotations

from typing import get_args, get_type_hints

import pytest

from flowcheck.engines.profiles import CHOICES, PROFILES
from flowcheck.keywords import Cni, EngineOptions
from flowcheck.model.engines import SWITCH_NAMES, SWITCHES
from tests.tools.cni_page import PAGE, page


def test_the_page_is_made_of_the_profiles() -> None:
    """python -m tests.tools.cni_page makes it."""
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_answers_every_switch_and_says_where_it_stands(name: str) -> None:
    settings = PROFILES[name].settings
    assert list(settings) == list(SWITCH_NAMES)
    for switch in SWITCHES:
        assert not switch.values or settings[switch.name].value in switch.values
        assert settings[switch.name].source


def test_python_takes_what_the_command_line_takes() -> None:
    told = get_type_hints(EngineOptions)
    assert get_args(Cni) == CHOICES
    assert told.pop("cni") == Cni
    assert {name: get_args(type_) for name, type_ in told.items()} == {
        switch.name: switch.values for switch in SWITCHES
    }
