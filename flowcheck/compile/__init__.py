"""Model -> arrays: a cluster and its policies become a program. Runs once per policy set."""

from flowcheck.compile.build import compile_program
from flowcheck.compile.program import Decision, Program, RuleInfo

__all__ = ["Decision", "Program", "RuleInfo", "compile_program"]
