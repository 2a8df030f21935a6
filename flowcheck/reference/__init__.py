"""The slow witness: what the policies say of a flow, in plain Python over the model.

A :class:`Tuple5` comes in, a :class:`Judgement` goes out. It shares nothing with the compiled path,
so that the two can be compared; nothing here is made fast. Read it from ``judge.py`` down.
"""

from flowcheck.reference.flow import Judgement, Tuple5
from flowcheck.reference.initiator import infer_pairs
from flowcheck.reference.judge import Reference

__all__ = ["Judgement", "Reference", "Tuple5", "infer_pairs"]
