"""python -m flowcheck."""

import sys

from flowcheck.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
