"""Which of a provision's sanctions concern a subject: by kind, role and nationality, as far as they are known."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.vocabulary.codes import SubjectKind

Json = Mapping[str, Any]
# Who is in charge of a vehicle, and the company that operates it.
_IN_CHARGE: Final = frozenset({"driver", "carrier"})


def concerning(sanctions: Sequence[Json], kind: SubjectKind, jurisdiction: str, facts: Mapping[str, Any]) -> list[Json]:
    """The sanctions for a class the subject is of; none where it cannot be told, or none is for it.

    `jurisdiction` is the provision's own. `facts` are the subject's, by path.
    """
    role = str(facts.get("subject.role") or "")
    classes = {"any", role} | ({"vehicle_operator"} if role in _IN_CHARGE else set())
    if kind is SubjectKind.LEGAL_ENTITY:
        classes.add("legal_entity")
    else:
        classes |= {"individual"} | _of_nationality(sanctions, jurisdiction, facts.get("subject.nationality"))
    return [each for each in sanctions if each["subject_class"] in classes]


def _of_nationality(sanctions: Sequence[Json], jurisdiction: str, nationality: str | None) -> set[str]:
    # Codes of offences say citizens and mean natural persons, unless they tell foreign ones apart.
    if not any(each["subject_class"] == "foreign_citizen" for each in sanctions):
        return {"citizen"}
    if nationality is None:
        return set()
    return {"citizen" if nationality == jurisdiction else "foreign_citizen"}
