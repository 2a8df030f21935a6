"""Why one end may or may not talk to another: a walk over the policies beside the compiled verdict.

A program and two names come in, an :class:`Explanation` goes out. The verdict is the compiled program's; the
walk in ``walk.py`` says how it came about, and a difference between the two stops with an error.
"""

from flowcheck.explaining.answer import explain
from flowcheck.explaining.records import Explanation

__all__ = ["Explanation", "explain"]
