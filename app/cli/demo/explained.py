"""A violation told in full, from what the API says of it: what happened, why, and by which law."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from app.cli.trees import Json, article, sanction, tree
from app.vocabulary.countries import name

_DOING = {"entry": "entering", "exit": "leaving"}


def explained(detail: Json) -> Iterator[RenderableType]:
    """The sentence, both condition trees, the articles and the sanction."""
    yield Text.assemble((f"{detail['rule']}  ", "bold"), (_sentence(detail), "bold red"))
    yield Padding(tree("the rule applies when", detail["explanation"]["applies"]), (0, 0, 0, 2))
    yield Padding(tree("and requires that", detail["explanation"]["holds"]), (0, 0, 0, 2))
    law = detail["law"] or {"basis": [], "sanction": None}
    for cited in law["basis"]:
        yield Padding(article(cited), (0, 0, 0, 2))
    if law["sanction"]:
        yield Padding(sanction(law["sanction"]), (0, 0, 0, 2))


def _sentence(detail: Json) -> str:
    by = "on foot" if detail["mode"] == "pedestrian" else f"by {detail['mode']}"
    doing = f"{_DOING[detail['direction']]} {by}" if detail["direction"] != "presence" else "met near the border"
    return f"{detail['title']['en']}: {_who(detail)}, {doing} at {detail['checkpoint']} on {detail['date']}."


def _who(detail: Json) -> str:
    facts = detail["facts"]
    role = str(facts.get("subject.role", detail["subject"]["kind"])).replace("_", " ")
    for field, words in (("subject.nationality", "national of"), ("subject.country", "registered in")):
        if code := facts.get(field):
            role += f" ({words} {name(code)})"
    return f"{role}, event {detail['id']}"
