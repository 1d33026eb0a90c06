"""Settings of a command: what its options say, else the environment, else the default."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from app.settings import PREFIX, Settings, from_environment

DatabaseOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="sqlite:///FILE or postgresql+psycopg://… [GEREGE_DATABASE_URL]"),
]
RulesOption: TypeAlias = Annotated[
    Path | None, typer.Option("--rules", metavar="DIR", help="Folder of the rules. [GEREGE_RULES_DIR]")
]


def environment(options: Mapping[str, object]) -> dict[str, str]:
    """The environment with the options that were given (setting -> value) put over it."""
    given = {f"{PREFIX}{name.upper()}": str(value) for name, value in options.items() if value is not None}
    return {**os.environ, **given}


def settings(**options: object) -> Settings:
    """Raises Invalid for a value that cannot be used."""
    return from_environment(environment(options))
