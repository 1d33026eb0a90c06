"""What all commands share: where they write, and in which form."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import orjson
import typer
from rich.console import Console
from rich.status import Status

# Results go to `out`; whatever a pipe must not see (progress, faults) to `err`. Texts of rule files may have brackets.
out = Console(highlight=False, markup=False, emoji=False)
err = Console(highlight=False, markup=False, emoji=False, stderr=True)


class ExitCode(IntEnum):
    """Documented in `--help`."""

    OK = 0
    FAULTS = 1
    WRONG_USE = 2
    CANNOT_RUN = 3


class Format(StrEnum):
    """For people or for machines."""

    TEXT = "text"
    JSON = "json"


FormatOption: TypeAlias = Annotated[Format, typer.Option("--format", help="text for people, json for machines.")]


class CannotRunError(Exception):
    """The command is right, but cannot be carried out now. The text says what to do."""


class WrongUseError(Exception):
    """The command asks for what there is not. The text says what there is."""


def key_in(file: Path) -> str:
    """The key that a file holds."""
    try:
        found = file.read_text("ascii").strip()
    except OSError as error:
        raise WrongUseError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        found = ""
    if not found or not found.isprintable() or " " in found:
        raise WrongUseError(f"{file} holds no key: give the file that `gerege keys create … > FILE` wrote.")
    return found


def write_json(value: Mapping[str, Any] | list[Any]) -> None:
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def fault(text: str) -> None:
    """One fault of what was checked, or of what was asked, on standard error."""
    err.print(f"gerege: {text}", style="red", soft_wrap=True)


def working(text: str) -> Status:
    """What goes on now, in one line on a terminal."""
    return err.status(text)


def counted(count: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"
