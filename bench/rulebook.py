"""Rule files in any number: those that are shipped, and generated ones beside them.

Each generated rule asks five things of every driver that the bench sends, as a real one would; about a third govern a
driver, and all of those are complied with. What grows is the work of finding the rules that matter, not the findings.
"""

import random
import shutil
from pathlib import Path

from bench.server import RULES

_PROVISION = """
BENCH-1:
  act: Act of nobody
  article: '1'
  jurisdiction: INT
  regime: documents
  summary: {en: Made up for measuring., ru: Выдумано для измерения., zh: 为测量而虚构。}
  source: https://example.org/
  verification: text_found
"""
_RULE = """\
id: {name}
title: {{en: Generated rule {name}, ru: Созданное правило {name}, zh: 生成的规则 {name}}}
regime: documents
jurisdiction: INT
applies_to: individual
status: active
owner: Bench
severity: minor
advice: note
review_by: 2030-01-01
limits: {{over: nothing is found, under: nothing is found}}
versions:
  - basis: [{{provision: BENCH-1}}]
    when:
      crossing.direction: {direction}
      subject.nationality: [{nationalities}]
      subject.birth_date: {{before: {born}}}
    require:
      document.expires_on: {{after: {expires}}}
      vehicle.gross_weight_kg: {{at_most: {weight}}}
"""
_NATIONALITIES = ("BLR", "CHN", "IND", "IRN", "KAZ", "KGZ", "MNG", "PAK", "SRB", "TJK", "TUR", "UZB")


def shipped() -> int:
    """How many rules are shipped, whatever their status."""
    return sum(1 for path in RULES.glob("*/*/*.yaml") if not path.name.endswith(".cases.yaml"))


def written(folder: Path, rules: int) -> Path:
    """Write so many rules, the shipped ones first, into a folder that is not there yet."""
    shutil.copytree(RULES, folder)
    with (folder / "provisions" / "INT.yaml").open("a", encoding="utf-8") as provisions:
        provisions.write(_PROVISION)
    of_generated = folder / "INT" / "documents"
    of_generated.mkdir(parents=True, exist_ok=True)
    chance = random.Random(20261125)
    for number in range(rules - shipped()):
        name = f"INT-BENCH-{number:04}"
        (of_generated / f"{name}.yaml").write_text(_rule(name, chance), encoding="utf-8")
    return folder


def _rule(name: str, chance: random.Random) -> str:
    return _RULE.format(
        name=name,
        direction=chance.choice(("entry", "exit", "[entry, exit]")),
        nationalities=", ".join(chance.sample(_NATIONALITIES, 5)),
        born=f"{chance.randint(1970, 2010)}-01-01",
        expires=f"{chance.randint(2026, 2029)}-{chance.randint(1, 12):02}-28",
        weight=chance.randint(38_000, 60_000),
    )
