"""`gerege fields`: the catalogue of what a rule may ask about."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.cli.terminal import Format, FormatOption, WrongUseError, out, write_json
from app.language.schema import as_text, rule_schema
from app.language.suggest import did_you_mean
from app.vocabulary.codes import SubjectKind
from app.vocabulary.fields import Field, all_fields


class Language(StrEnum):
    """Languages of labels."""

    EN = "en"
    RU = "ru"
    ZH = "zh"


def fields(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Only these and those below them, in full.", show_default=False),
    ] = None,
    subject: Annotated[SubjectKind | None, typer.Option(help="Only the fields of this kind of subject.")] = None,
    lang: Annotated[Language, typer.Option(help="Language of the labels.")] = Language.EN,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of rule files instead.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """List the fields a rule may name, with their types and labels; of those named, also the meaning and the codes."""
    chosen = _named([field for field in all_fields() if subject is None or subject in field.subjects], paths or [])
    if schema:
        typer.echo(as_text(rule_schema()), nl=False)
    elif form is Format.JSON:
        write_json([_plain(field) for field in chosen])
    elif paths:
        _print_in_full(chosen, lang)
    else:
        _print_table(chosen, lang, with_subject=subject is None)


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


def _print_table(chosen: Iterable[Field], lang: Language, *, with_subject: bool) -> None:
    """One line a field. The unit stands with the type, which leaves the label room on 80 columns."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("field", "type", *(("subject",) if with_subject else ())):
        table.add_column(name, no_wrap=True)
    table.add_column("label", overflow="fold")
    for field in chosen:
        kinds = [_subjects(field)] if with_subject else []
        table.add_row(field.path, _type(field), *kinds, field.labels[lang])
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
