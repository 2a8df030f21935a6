"""Model -> arrays: a cluster and its policies become a program. Runs once per policy set."""

from flowcheck.compile.build import axis_of, compile_program
from flowcheck.compile.program import Program

__all__ = ["Program", "axis_of", "compile_program"]
