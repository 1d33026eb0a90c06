"""What a condition may refer to where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.language.diagnostics import Report
from app.language.from_surface.measures import SECTIONS
from app.language.ir import Condition, NamedSet, Parameter, Position, Status
from app.language.suggest import did_you_mean, one_of
from app.vocabulary.codes import SubjectKind
from app.vocabulary.fields import Field, catalogue


@dataclass(frozen=True, slots=True)
class Names:
    """Everything with a name outside the condition.

    None for a kind of name means that it is not checked. `broken` are names (`lists.x`, `parameters.x`,
    `definitions.x`, `measures.x`) that are declared but wrong: that is said where they are declared, and nowhere else.
    `fields` are the catalogue's and, unless their file could not be read, the measures'.
    """

    lists: Mapping[str, NamedSet] | None = None
    parameters: Mapping[str, Parameter] | None = None
    fields: Mapping[SubjectKind, Mapping[str, Field]] = field(
        default_factory=lambda: {kind: catalogue(kind) for kind in SubjectKind}
    )
    measures_read: bool = True
    definitions: Mapping[SubjectKind, Mapping[str, Condition]] = field(default_factory=dict)
    rules: Mapping[str, Status | None] | None = None
    broken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """A condition's surroundings; `record` is the list of records whose member is looked at."""

    kind: SubjectKind
    names: Names
    report: Report
    record: str | None = None

    @property
    def known(self) -> Mapping[str, Field]:
        """Fields of the kind of subject that is judged."""
        return self.names.fields[self.kind]

    def field(self, path: str) -> Field | None:
        """The field of that path, or of that name in the record looked at, if it may be named here."""
        known = self.known
        found = (known.get(f"{self.record}.{path}") if self.record else None) or known.get(path)
        return found if found and found.record in {None, self.record} else None

    def no_such_field(self, path: str, at: Position) -> None:
        """Report why there is no such field here."""
        if f"measures.{path}" in self.names.broken or (
            not self.names.measures_read and path.partition(".")[0] in SECTIONS
        ):
            return
        known = self.known
        (other,) = set(SubjectKind) - {self.kind}
        if path in known:
            records = known[path].record
            name = path.partition(".")[2]
            self.report.error(
                at,
                "field-of-a-record",
                f"{path} is a field of each of the {records}, of which there may be several",
                f"Write {records}: {{some: {{{name}: …}}}} (or every, none)",
            )
        elif path in self.names.fields[other]:
            self.report.error(
                at,
                "field-of-other-kind",
                f"{path} is a field of {in_words(other)}, and this is judged of {in_words(self.kind)}",
                did_you_mean(path, known, f"Name a field of {in_words(self.kind)}"),
            )
        else:
            own = [name.partition(".")[2] for name, each in known.items() if self.record and each.record == self.record]
            hint = did_you_mean(path, [*own, *known]) or _sections(path, known)
            self.report.error(at, "unknown-field", f"there is no field {path}", hint)


def in_words(kind: SubjectKind) -> str:
    """The kind in the plural."""
    return "individuals" if kind is SubjectKind.INDIVIDUAL else "legal entities"


def _sections(path: str, known: Mapping[str, Field]) -> str:
    section = path.partition(".")[0] + "."
    below = [name for name in known if name.startswith(section)]
    return one_of(below) if below else f"Fields begin with {', '.join(sorted({n.partition('.')[0] for n in known}))}"
