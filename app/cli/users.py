"""`gerege users`: accounts of people who sign in."""

import os
import pwd
import sys
from typing import Annotated, Any

import typer
from rich.table import Table

from app.audit import accounts
from app.cli.database import opened
from app.cli.settings import DatabaseOption, settings
from app.cli.terminal import Format, FormatOption, WrongUseError, err, out, write_json
from app.clock import SystemClock
from app.errors import Invalid
from app.identity import passwords, users
from app.identity.remit import Remit
from app.identity.roles import Role
from app.identity.users import Account, User
from app.storage.engine import reading, transaction

_Jurisdictions = Annotated[
    list[str] | None, typer.Option(help="State in whose checkpoints the user works, as RUS. Repeatable; else all.")
]
_Checkpoints = Annotated[
    list[str] | None, typer.Option(help="Checkpoint, or with a final * a prefix. Repeatable; else all.")
]


def create(
    login: Annotated[str, typer.Argument(help="What is typed to sign in, as a.officer.")],
    name: Annotated[str, typer.Option(help="As it stands under decisions.")],
    role: Annotated[Role, typer.Option(help="officer, supervisor, author or admin.")],
    jurisdiction: _Jurisdictions = None,
    checkpoint: _Checkpoints = None,
    language: Annotated[str, typer.Option(help="en, ru or zh.")] = "en",
    database: DatabaseOption = None,
) -> None:
    """Make an account. The password is asked for, or read from standard input where that is no terminal."""
    remit = Remit(tuple(jurisdiction or ()), tuple(checkpoint or ()))
    account = Account(login, name, role, _password(), language, remit)
    with opened(settings(database_url=database).database_url) as engine, transaction(engine) as tx:
        made = accounts.create(tx, account, SystemClock().now(), _operator())
    out.print(f"{made.name} can sign in as {made.login}.")


def list_(database: DatabaseOption = None, form: FormatOption = Format.TEXT) -> None:
    """List all accounts."""
    with opened(settings(database_url=database).database_url) as engine, reading(engine) as tx:
        rows = [_plain(each) for each in users.every(tx)]
    if form is Format.JSON:
        write_json(rows)
        return
    table = Table("login", "name", "role", "works at", "state", box=None, header_style="bold", pad_edge=False)
    for row in rows:
        where = " ".join((*row["jurisdictions"], *row["checkpoints"])) or "everywhere"
        table.add_row(row["login"], row["name"], row["role"], where, row["state"])
    if rows:
        out.print(table)
    else:
        err.print("There are no accounts; `gerege users create` makes one.")


def disable(login: Annotated[str, typer.Argument(help="Whose account.")], database: DatabaseOption = None) -> None:
    """End an account at once, with all its sessions. What the user decided stays, under the same name."""
    with opened(settings(database_url=database).database_url) as engine, transaction(engine) as tx:
        ended = accounts.disable(tx, login, SystemClock().now(), _operator())
    out.print(f"{ended.login} cannot sign in any more.")


def password(login: Annotated[str, typer.Argument(help="Whose account.")], database: DatabaseOption = None) -> None:
    """Give an account another password and end its sessions. The password is read as by `gerege users create`."""
    given = _password()
    if problems := list(passwords.faults(given)):
        raise Invalid("The password stays as it was.", problems)
    made = passwords.hashed(given)
    with opened(settings(database_url=database).database_url) as engine, transaction(engine) as tx:
        changed = accounts.set_password(tx, login, made, SystemClock().now(), _operator())
    out.print(f"{changed.login} signs in with the new password from now on, and is signed out everywhere.")


def remit(
    login: Annotated[str, typer.Argument(help="Whose account.")],
    jurisdiction: _Jurisdictions = None,
    checkpoint: _Checkpoints = None,
    *,
    everywhere: Annotated[bool, typer.Option("--everywhere", help="At all checkpoints there are.")] = False,
    database: DatabaseOption = None,
) -> None:
    """Have a user work at other checkpoints, at once. What is given here replaces all that was."""
    if everywhere is bool(jurisdiction or checkpoint):
        raise WrongUseError("Give --jurisdiction or --checkpoint, or both, or else --everywhere.")
    given = Remit(tuple(jurisdiction or ()), tuple(checkpoint or ()))
    with opened(settings(database_url=database).database_url) as engine, transaction(engine) as tx:
        changed = accounts.set_remit(tx, login, given, SystemClock().now(), _operator())
    out.print(f"{changed.login} works at: {_works_at(changed)}.")


def _password() -> str:
    if sys.stdin.isatty():
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


def _operator() -> str:
    """Who works at this machine, for the audit log."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        # In a container, of a user that its system does not know.
        return "command line"


def _works_at(user: User) -> str:
    return " ".join((*user.remit.jurisdictions, *user.remit.checkpoints)) or "everywhere"


def _plain(user: User) -> dict[str, Any]:
    return {
        "user": user.id,
        "login": user.login,
        "name": user.name,
        "role": user.role,
        "language": user.language,
        "jurisdictions": list(user.remit.jurisdictions),
        "checkpoints": list(user.remit.checkpoints),
        "created_at": user.created_at.isoformat(),
        "state": "disabled" if user.disabled_at else "active",
    }
