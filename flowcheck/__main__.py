"""python -m flowcheck."""

from flowcheck.cli.main import run

if __name__ == "__main__":
    run()
