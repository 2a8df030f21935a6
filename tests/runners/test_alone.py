"""What flowcheck's own processes do without."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from flowcheck.runners.alone import leave_out_pandas
leave_out_pandas()
import pyarrow
assert pyarrow.array([1, 2]).to_pylist() == [1, 2]
assert "pandas" not in sys.modules
try:
    import pandas
except ImportError:
    sys.exit(0)
sys.exit("pandas was found")
"""


def test_arrow_works_without_looking_for_pandas() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
