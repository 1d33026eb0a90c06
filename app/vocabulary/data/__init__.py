"""Tables of codes that ship with the package; README.md gives the origin and licence of each."""

import csv
from importlib.resources import files


def read_table(name: str) -> list[dict[str, str]]:
    """Return the rows of `<name>.csv`, each a mapping from column to text."""
    text = (files(__name__) / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
