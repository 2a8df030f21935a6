#!/usr/bin/env bash
# SciPy's poisson_means_test of counts as uint32, as Polars has them, finds no difference where there is a clear one: p is 1.
#
# One would guess: a p-value is computed in floats, and so does not depend on the integers' type, as long as each fits in it;
# so it is for SciPy's other tests of counts, and statsmodels'.
# Versions: scipy 1.17.1, statsmodels 0.15.0, polars 2.1.0, numpy 2.4.6.
# Seen: the test squares the numbers of trials in their own type. Of two nodes 5 of 65,536 and 40 of 70,000 connections were
# dropped: p is 7e-8 with Python's integers, and 1 with those of a row of Polars' to_numpy(), which are uint32. 65,536 squared
# is 0 there, so that the variance is infinite, of which NumPy warns; of 100,000, whose square is another number, p is 0.001
# for 7e-21, without a warning. 60,000 are right as uint32, wrong as int32 (p is 0). chi2_contingency, fisher_exact and
# binomtest, and test_poisson_2indep and test_proportions_2indep of statsmodels, give the same with all types.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check scipy==1.17.1 statsmodels==0.15.0 polars==2.1.0 numpy==2.4.6

cat >"$work/look.py" <<'PYTHON'
import warnings
from importlib.metadata import version

import numpy as np
import polars as pl
from scipy import stats
from statsmodels.stats.proportion import test_proportions_2indep
from statsmodels.stats.rates import test_poisson_2indep

TESTS = {
    "poisson_means_test": lambda *counts: stats.poisson_means_test(*counts),
    "chi2_contingency": lambda a, n, b, m: stats.chi2_contingency([[a, n - a], [b, m - b]]),
    "fisher_exact": lambda a, n, b, m: stats.fisher_exact([[a, n - a], [b, m - b]]),
    "binomtest": lambda a, n, b, m: stats.binomtest(a, n, b / m),
    "test_poisson_2indep": lambda *counts: test_poisson_2indep(*counts),
    "test_proportions_2indep": lambda *counts: test_proportions_2indep(*counts),
}


def p_value(test, counts, kind):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        return float(test(*map(kind, counts)).pvalue), len(warned)


def alike(one, other):
    return np.isclose(one, other, rtol=1e-6, atol=0)


print({name: version(name) for name in ("scipy", "statsmodels", "polars", "numpy")})
dropped = [True] * 5 + [False] * 65_531 + [True] * 40 + [False] * 69_960
flows = pl.DataFrame({"node": ["a"] * 65_536 + ["b"] * 70_000, "dropped": dropped})
nodes = flows.group_by("node", maintain_order=True).agg(dropped=pl.col("dropped").sum(), all=pl.len())
counts = nodes.select("dropped", "all").to_numpy().ravel()
assert counts.dtype == np.uint32 and counts.tolist() == [5, 65_536, 40, 70_000], "changed: Polars"

for name, test in TESTS.items():
    plain, polars = (p_value(test, counts.tolist(), int)[0], p_value(test, counts, lambda count: count)[0])
    print(f"{name:24} p {plain:.2g} of Python's integers, {polars:.2g} of Polars'")
    assert alike(plain, polars) == (name != "poisson_means_test"), f"changed: {name}"
    assert plain < 1e-4, f"changed: {name}"
    assert name != "poisson_means_test" or polars > 0.99, f"changed: {name}"

seen = {}
for trials in (40_000, 60_000, 65_536, 100_000):
    for kind in (int, np.int64, np.uint32, np.int32):
        seen[trials, kind] = p_value(TESTS["poisson_means_test"], (10, trials, 100, trials), kind)
        print(f"10 and 100 of {trials:,} each, {kind.__name__:6} p {seen[trials, kind][0]:.2g}, {seen[trials, kind][1]} warnings")
right = {case for case, (p, _) in seen.items() if alike(p, seen[case[0], int][0])}
wrong = {(65_536, np.uint32), (100_000, np.uint32), (60_000, np.int32), (65_536, np.int32), (100_000, np.int32)}
assert set(seen) - right == wrong, "changed: which are wrong"
assert seen[100_000, np.uint32][1] == 0 and 1e-3 < seen[100_000, np.uint32][0] < 2e-3, "changed: the silent one"
PYTHON
"$work/venv/bin/python" "$work/look.py"
