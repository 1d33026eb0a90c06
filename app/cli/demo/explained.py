"""A violation told in full, from what the API says of it: what happened, why, and by which law."""

from collections.abc import Iterator
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from app.cli.trees import Json, article, sanction, tree
from app.vocabulary.countries import name

_DOING = {"entry": "entering", "exit": "leaving", "presence": "present"}


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
    where = f"{_DOING[detail['direction']]} by {detail['mode']} at {detail['checkpoint']}"
    mode = where if detail["mode"] != "pedestrian" else where.replace("by pedestrian", "on foot")
    return f"{detail['title']['en']}: {_who(detail)}, {mode} on {detail['date']} (event {detail['id']})."


def _who(detail: Json) -> str:
    values = detail["facts"]["values"] if "values" in detail["facts"] else detail["facts"]
    role = str(values.get("subject.role", detail["subject"]["kind"])).replace("_", " ")
    state = values.get("subject.nationality") or values.get("subject.country")
    return f"the {role}" + (f" of {name(state) or state}" if state else "")
