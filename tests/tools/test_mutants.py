"""The list of mutants fits the code as it is; ``make mutants`` runs them."""

from __future__ import annotations

import pytest

from tests.tools.answer_mutants import ANSWER_MUTANTS
from tests.tools.calico_mutants import CALICO_MUTANTS
from tests.tools.cilium_mutants import CILIUM_MUTANTS
from tests.tools.engine_mutants import ENGINE_MUTANTS
from tests.tools.mesh_mutants import MESH_MUTANTS
from tests.tools.mutant_list import MUTANTS, Mutant
from tests.tools.mutants import ROOT
from tests.tools.profile_mutants import PROFILE_MUTANTS

ALL = (
    *(*MUTANTS, *ENGINE_MUTANTS, *CILIUM_MUTANTS, *CALICO_MUTANTS, *PROFILE_MUTANTS, *MESH_MUTANTS),
    *ANSWER_MUTANTS,
)


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.name)
def test_the_text_a_mutant_replaces_occurs_once(mutant: Mutant) -> None:
    text = (ROOT / "flowcheck" / mutant.file).read_text()
    assert text.count(mutant.old) == 1
    assert mutant.old != mutant.new


def test_mutants_have_names_of_their_own() -> None:
    assert len({mutant.name for mutant in ALL}) == len(ALL) >= 70
