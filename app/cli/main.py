"""`gerege`: the commands put together, and what their errors are to the shell."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

import typer
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.cli import keys
from app.cli.fields import fields
from app.cli.migrate import migrate
from app.cli.mrz import mrz
from app.cli.rules.cases import run_cases
from app.cli.rules.check import check
from app.cli.rules.explain import explain
from app.cli.serve import serve
from app.cli.terminal import CannotRunError, ExitCode, WrongUseError, fault
from app.errors import GeregeError, Unavailable

_CODES = (
    "Exit codes: 0 done, nothing wrong; 1 what was checked has faults (rules, cases, event, machine readable zone); "
    "2 wrong use; 3 cannot run now (database, port, rules that have errors)."
)

app = typer.Typer(
    name="gerege",
    help="Checkpoint regime compliance rules engine: crossings in, explained violations out.",
    epilog=_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
rules = typer.Typer(no_args_is_help=True, help="Check the rules, run their cases, explain a verdict.")
for command in (serve, migrate, fields, mrz):
    app.command(epilog=_CODES)(command)
rules.command(epilog=_CODES)(check)
rules.command("test", epilog=_CODES)(run_cases)
rules.command(epilog=_CODES)(explain)
if find_spec("app.cli.demo.command"):
    app.command(epilog=_CODES)(import_module("app.cli.demo.command").demo)
app.add_typer(keys.app, name="keys", epilog=_CODES)
app.add_typer(rules, name="rules", epilog=_CODES)


def run(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line and return its exit code; faults are told on standard error, never as a traceback."""
    try:
        app(arguments)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else ExitCode.WRONG_USE
    except Unavailable as error:
        fault(f"{error}{_cause(error)}")
        return ExitCode.CANNOT_RUN
    except (GeregeError, WrongUseError) as error:
        fault(str(error))
        return ExitCode.WRONG_USE
    except (CannotRunError, OSError) as error:
        fault(str(error))
        return ExitCode.CANNOT_RUN
    except CommandError as error:
        fault(f"The database cannot be migrated: {error}. It may have been made by a newer release.")
        return ExitCode.CANNOT_RUN
    except SQLAlchemyError as error:
        # Its own text repeats the statement.
        fault(f"The database cannot be used: {_first_line(error.orig if isinstance(error, DBAPIError) else error)}")
        return ExitCode.CANNOT_RUN
    return ExitCode.OK


def _cause(error: Unavailable) -> str:
    cause = error.__cause__
    return f"\n  {_first_line(cause.orig)}" if isinstance(cause, DBAPIError) else ""


def _first_line(error: BaseException | None) -> str:
    return str(error).partition("\n")[0]


def main() -> None:
    sys.exit(run())


if __name__ == "__main__":
    main()
