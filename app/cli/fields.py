"""`gerege fields`: the catalogue of what a rule may ask about."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table

from app.cli.terminal import Format, FormatOption, out, write_json
from app.language.schema import as_text, rule_schema
from app.vocabulary.codes import SubjectKind
from app.vocabulary.fields import Field, all_fields


class Language(StrEnum):
    """Languages of labels."""

    EN = "en"
    RU = "ru"
    ZH = "zh"


def fields(
    subject: Annotated[SubjectKind | None, typer.Option(help="Only the fields of this kind of subject.")] = None,
    lang: Annotated[Language, typer.Option(help="Language of the labels.")] = Language.EN,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of rule files instead.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """List the fields a rule may name, with their types, units and labels."""
    chosen = [field for field in all_fields() if subject is None or subject in field.subjects]
    if schema:
        typer.echo(as_text(rule_schema()), nl=False)
    elif form is Format.JSON:
        write_json([_plain(field) for field in chosen])
    else:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in ("field", "type", "unit", *(() if subject else ("subject",))):
            table.add_column(name, no_wrap=True)
        table.add_column("label")
        for field in chosen:
            kinds = [] if subject else [_subjects(field)]
            table.add_row(field.path, field.type, field.unit or "", *kinds, field.labels[lang])
        out.print(table)


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
