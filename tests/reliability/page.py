"""Writes the parts of docs/reliability.md that are made of tables.

    python -m tests.reliability.page
    python -m tests.reliability.page --add WHAT DATE COMMAND COUNT RESULT

``--add``: first puts the figures of a long run into docs/reliability.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

from tests.reliability.faults import FAULTS

DOCS = Path(__file__).parents[2] / "docs"
PAGE, RECORDS = DOCS / "reliability.md", DOCS / "reliability.json"
FIELDS = ("what", "date", "command", "count", "result")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Markdown; what is in a cell cannot end it."""
    lines = [list(head), *map(list, rows)]
    texts = [" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines]
    texts.insert(1, "|".join(["---"] * len(lines[0])))
    return "".join(f"| {text} |\n" if text[0] != "-" else f"|{text}|\n" for text in texts)


def faults() -> str:
    rows = [(one.fault, one.does, one.code, ", ".join(f"`{test}`" for test in one.tests)) for one in FAULTS]
    return table(("fault", "what the run does", "exit code", "tests, below `tests/`"), rows)


def runs() -> str:
    records = json.loads(RECORDS.read_text(encoding="utf-8"))
    rows = [(one["what"], one["date"], f"`{one['command']}`", one["count"], one["result"]) for one in records]
    return table(FIELDS, rows)


PARTS = {"faults": faults, "runs": runs}


def page(text: str) -> str:
    """The text with its generated parts made anew.

    **Raises**: ValueError for a part that has no place in it.
    """
    for name, make in PARTS.items():
        begin, end = f"<!-- {name}: python -m tests.reliability.page -->\n", f"<!-- end of {name} -->\n"
        before, opened, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not opened or not closed:
            raise ValueError(f"docs/reliability.md has no place for {name}")
        text = before + begin + make() + end + after
    return text


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.reliability.page", description=__doc__)
    parser.add_argument("--add", nargs=len(FIELDS), metavar=tuple(field.upper() for field in FIELDS))
    given = parser.parse_args()
    if given.add:
        records = json.loads(RECORDS.read_text(encoding="utf-8"))
        records.append(dict(zip(FIELDS, given.add, strict=True)))
        RECORDS.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
