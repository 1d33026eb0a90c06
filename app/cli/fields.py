"""`gerege fields`: what a rule may ask about, the fields of the catalogue and the measures of the rules."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.cli.settings import RulesOption, settings
from app.cli.terminal import CannotRunError, Format, FormatOption, WrongUseError, err, out, write_json
from app.language.diagnostics import Report
from app.language.ir import Measure
from app.language.schema import MEASURES, as_text, measures_in, rule_schema
from app.language.suggest import did_you_mean
from app.vocabulary.codes import SubjectKind
from app.vocabulary.fields import Field, all_fields


class Language(StrEnum):
    """Languages of labels."""

    EN = "en"
    RU = "ru"
    ZH = "zh"


_WHOSE: Final = {
    "both": "Asked of any subject",
    "individual": "Asked of individuals",
    "legal entity": "Asked of legal entities",
}


def fields(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Only these and those below them, in full.", show_default=False),
    ] = None,
    subject: Annotated[SubjectKind | None, typer.Option(help="Only the fields of this kind of subject.")] = None,
    lang: Annotated[Language, typer.Option(help="Language of the labels.")] = Language.EN,
    rules: RulesOption = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of rule files instead.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """List the fields a rule may name, with their types and labels; of those named, also the meaning and the codes."""
    counted = _measures(rules)
    known = sorted((*all_fields(), *(each.field for each in counted)), key=lambda field: field.path)
    chosen = _named([field for field in known if subject is None or subject in field.subjects], paths or [])
    if schema:
        typer.echo(as_text(rule_schema(counted)), nl=False)
    elif form is Format.JSON:
        write_json([_plain(field) for field in chosen])
    elif paths:
        _print_in_full(chosen, lang)
    else:
        _print_tables(chosen, lang)


def _measures(folder: Path | None) -> tuple[Measure, ...]:
    """Those of the folder's rules; raises CannotRunError if a folder was named that has none."""
    path = settings(rules_dir=folder).rules_dir / MEASURES
    if not path.is_file():
        if folder:
            raise CannotRunError(f"There is no {path}, which would say what rules there may count.")
        return ()
    report = Report()
    counted = measures_in({MEASURES: path.read_text(encoding="utf-8", errors="replace")}, report)
    if report.failed:
        err.print(f"{path} has mistakes; what is listed of it may be short. gerege rules check tells them.")
    return counted


def _named(known: Sequence[Field], paths: Iterable[str]) -> list[Field]:
    """The fields at or below the paths, all if there are none; raises WrongUseError for a path that names nothing."""
    wanted = tuple(paths)
    for path in wanted:
        if not any(_below(field, path) for field in known):
            names = [field.path for field in known]
            raise WrongUseError(f"There is no field {path}. {did_you_mean(path, names, 'gerege fields lists all')}")
    return [field for field in known if not wanted or any(_below(field, path) for path in wanted)]


def _below(field: Field, path: str) -> bool:
    return field.path == path or field.path.startswith(f"{path.removesuffix('.')}.")


def _print_tables(chosen: Sequence[Field], lang: Language) -> None:
    """One line a field, a table for each kind of subject: a column for it would leave labels no room."""
    whose = {_subjects(field): field for field in chosen}
    for number, subjects in enumerate(each for each in _WHOSE if each in whose):
        if number:
            out.print()
        out.print(Text(_WHOSE[subjects], "bold"))
        _print_table([field for field in chosen if _subjects(field) == subjects], lang)


def _print_table(chosen: Iterable[Field], lang: Language) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for _ in ("field", "type"):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for field in chosen:
        table.add_row(field.path, _type(field), field.labels[lang])
    out.print(table)


def _print_in_full(chosen: Iterable[Field], lang: Language) -> None:
    for field in chosen:
        out.print(Text.assemble((field.path, "bold"), f"  {_type(field)}; {_subjects(field)}; {field.labels[lang]}"))
        if field.description:
            out.print(Padding(Text(field.description), (0, 0, 0, 2)))
        if field.codes:
            out.print(Padding(Text(f"codes: {' '.join(field.codes)}"), (0, 0, 0, 2)))


def _type(field: Field) -> str:
    return f"{field.type} ({field.unit})" if field.unit else field.type.value


def _subjects(field: Field) -> str:
    return "both" if len(field.subjects) == len(SubjectKind) else next(iter(field.subjects)).replace("_", " ")


def _plain(field: Field) -> dict[str, Any]:
    return {
        "path": field.path,
        "type": field.type.value,
        "unit": field.unit,
        "codes": list(field.codes) if field.codes else None,
        "subjects": sorted(field.subjects),
        "always_known": field.always_known,
        "nullable": field.nullable,
        "labels": dict(field.labels),
        "description": field.description,
    }
