"""`gerege`: the commands put together, and what their errors are to the shell."""

import sys
from collections.abc import Sequence

import typer
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.cli import users as accounts
from app.cli import webhooks as hooks
from app.cli.consume import consume
from app.cli.demo.command import demo
from app.cli.fields import fields
from app.cli.forward import forward
from app.cli.keys import create, list_, revoke, signing
from app.cli.manifest import manifest
from app.cli.migrate import migrate
from app.cli.mrz import mrz
from app.cli.reindex import reindex
from app.cli.replay import replay
from app.cli.rules.activate import activate
from app.cli.rules.cases import run_cases
from app.cli.rules.check import check
from app.cli.rules.explain import explain
from app.cli.serve import serve
from app.cli.stay.command import stay
from app.cli.terminal import CannotRunError, ExitCode, WrongUseError, fault
from app.errors import GeregeError, Unavailable

_CODES = (
    "Exit codes: 0 done, nothing wrong; 1 what was checked has faults (rules, cases, event, machine readable zone, "
    "passenger list, stays, stored decisions); 2 wrong use; 3 cannot run now (database, port, rules that have errors)."
)

app = typer.Typer(
    name="gerege",
    help="Checkpoint regime compliance rules engine: crossings in, explained violations out.",
    epilog=_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke the keys that requests are made with.")
users = typer.Typer(no_args_is_help=True, help="Make, list, change and disable the accounts that people sign in with.")
webhooks = typer.Typer(no_args_is_help=True, help="Have other systems told of violations, and see what became of it.")
rules = typer.Typer(no_args_is_help=True, help="Check the rules, run their cases, explain a verdict.")
for command in (serve, consume, forward, migrate, reindex, demo, replay, stay, manifest, fields, mrz):
    app.command(epilog=_CODES)(command)
keys.command(epilog=_CODES)(create)
keys.command("list", epilog=_CODES)(list_)
keys.command(epilog=_CODES)(revoke)
keys.command(epilog=_CODES)(signing)
users.command(epilog=_CODES)(accounts.create)
users.command("list", epilog=_CODES)(accounts.list_)
users.command(epilog=_CODES)(accounts.disable)
users.command(epilog=_CODES)(accounts.password)
users.command(epilog=_CODES)(accounts.remit)
webhooks.command(epilog=_CODES)(hooks.add)
webhooks.command("list", epilog=_CODES)(hooks.list_)
webhooks.command(epilog=_CODES)(hooks.remove)
webhooks.command(epilog=_CODES)(hooks.deliveries)
rules.command(epilog=_CODES)(check)
rules.command("test", epilog=_CODES)(run_cases)
rules.command(epilog=_CODES)(explain)
rules.command(epilog=_CODES)(activate)
app.add_typer(keys, name="keys", epilog=_CODES)
app.add_typer(users, name="users", epilog=_CODES)
app.add_typer(webhooks, name="webhooks", epilog=_CODES)
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
