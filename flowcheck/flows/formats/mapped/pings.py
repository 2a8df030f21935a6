"""ICMP of sensors that pair questions and answers: who asked, and what is no connection of its own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from flowcheck.flows.formats.mapped.columns.table import Table
from flowcheck.flows.logs.values.icmp import ANSWERS, ERRORS

Numbers = npt.NDArray[np.int64]


def icmp_ends(table: Table, types: Numbers, codes: Numbers, *, code_is_answer: bool) -> None:
    """Put types and codes, -1 where a row has none; turn round what begins with an answer, and who asks is
    who opened. An error tells of another connection: nobody opened one by it, and it counts none.
    ``code_is_answer``: of messages that come in pairs the code is the answer's type, and theirs is 0.
    """
    protocol = table.numbers("protocol")
    answers, paired = np.zeros(table.n, np.bool_), np.zeros(table.n, np.bool_)
    errors = np.zeros(table.n, np.bool_)
    asked = types.copy()
    for number, pairs in ANSWERS.items():
        here = (protocol == number) & (types >= 0)
        for question, answer in pairs.items():
            paired |= here & ((types == question) | (types == answer))
            answered = here & (types == answer)
            answers |= answered
            asked[answered] = question
        errors |= here & np.isin(types, ERRORS[number])
    answers &= ~_to_many(table)
    types = np.where(answers, asked, types)
    codes = np.where(paired, 0, codes) if code_is_answer else codes
    for name, numbers in (("icmp_type", types), ("icmp_code", codes)):
        table.reject(numbers > 0xFF, f"bad_{name}")
        none = (types < 0) | (numbers < 0) | (numbers > 0xFF)
        table.put(name, np.where(none, 0, numbers), none)
    known = table.numbers("initiator", 0)
    table.put("initiator", np.where(paired & ~answers & (known == 0), 1, known))
    if answers.any():
        table.turn_round(answers)
    if errors.any():
        table.put("initiator", np.where(errors, 0, table.numbers("initiator", 0)))
        for name in ("flow_count", "flow_count_here"):
            counts = table.numbers(name)
            table.put(name, np.where(errors, 0, counts), ~errors & (counts < 0))


def _to_many(table: Table) -> npt.NDArray[np.bool_]:
    """What is sent to a multicast group answers nobody: routers and neighbours announce themselves so."""
    found: npt.NDArray[np.bool_] = (
        pc.match_substring_regex(table.column("dst_ip"), r"^(ff[0-9a-f]{2}:|2(2[4-9]|3[0-9])\.)")
        .fill_null(False)
        .to_numpy(zero_copy_only=False)
    )
    return found
