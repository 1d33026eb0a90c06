"""`gerege keys`: bearer keys of systems and people."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from app.cli.database import opened
from app.cli.settings import DatabaseOption, settings
from app.cli.terminal import CannotRunError, Format, FormatOption, WrongUseError, err, out, write_json
from app.clock import SystemClock
from app.evaluation.bundle import new_key
from app.identity import keys
from app.identity.keys import Credential
from app.identity.roles import Role
from app.storage.engine import reading, transaction


def create(
    name: Annotated[str, typer.Argument(help="Whose key it is, for people.")],
    role: Annotated[Role, typer.Option(help="What the key may do.")],
    source: Annotated[
        list[str] | None, typer.Option(help="Sending system the key is bound to; a final * means a prefix. Repeatable.")
    ] = None,
    expires: Annotated[str | None, typer.Option(metavar="DATE", help="First day, or instant, it is not valid.")] = None,
    database: DatabaseOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Make a key and print it: it is seen now or never."""
    now = SystemClock().now()
    until = _instant(expires, now) if expires else None
    with opened(settings(database_url=database).database_url) as engine, transaction(engine) as tx:
        made, key = keys.issue(tx, name, role, source or [], now, until)
    if form is Format.JSON:
        write_json(_plain(made, now) | {"key": key})
    else:
        err.print(f"Key {made.id} of role {role} for {name}. It is not shown again:")
        typer.echo(key)


def signing(file: Annotated[Path, typer.Argument(help="Where to keep the key; must not be there yet.")]) -> None:
    """Make a key that rulebooks for posts are signed with, and print its public part, which posts are given."""
    try:
        public = new_key(file)
    except FileExistsError as error:
        raise CannotRunError(f"{file} is there already, and rulebooks signed with its key are trusted.") from error
    err.print(f"Servers with GEREGE_SIGNING_KEY={file} sign with it. Posts are given the public key:", soft_wrap=True)
    typer.echo(public)


def list_(database: DatabaseOption = None, form: FormatOption = Format.TEXT) -> None:
    """List all keys ever made, without their secrets."""
    now = SystemClock().now()
    with opened(settings(database_url=database).database_url) as engine, reading(engine) as tx:
        rows = [_plain(each, now) for each in keys.every(tx)]
    if form is Format.JSON:
        write_json(rows)
        return
    table = Table("id", "name", "role", "sources", "expires", "state", box=None, header_style="bold", pad_edge=False)
    for row in rows:
        day = (row["expires_at"] or "never").partition("T")[0]
        table.add_row(row["id"], row["name"], row["role"], " ".join(row["sources"]), day, row["state"])
    if rows:
        out.print(table)
    else:
        err.print("There are no keys; `gerege keys create` makes one.")


def revoke(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="As `gerege keys list` shows it.")],
    database: DatabaseOption = None,
) -> None:
    """End a key; a running service notices within seconds."""
    with opened(settings(database_url=database).database_url) as engine, transaction(engine) as tx:
        ended = keys.revoke(tx, identifier, SystemClock().now())
    out.print(f"The key {ended.id} ({ended.name}) was revoked at {ended.revoked_at:%Y-%m-%d %H:%M} UTC.")


def _instant(text: str, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongUseError(f"--expires {text} is not a date such as 2027-01-31.") from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at <= now:
        raise WrongUseError(f"--expires {text} has passed already.")
    return at


def _plain(credential: Credential, now: datetime) -> dict[str, Any]:
    expired = credential.expires_at is not None and credential.expires_at <= now
    return {
        "id": credential.id,
        "name": credential.name,
        "role": credential.role.value,
        "sources": list(credential.sources),
        "created_at": credential.created_at.isoformat(),
        "expires_at": credential.expires_at.isoformat() if credential.expires_at else None,
        "revoked_at": credential.revoked_at.isoformat() if credential.revoked_at else None,
        "state": "revoked" if credential.revoked_at else "expired" if expired else "valid",
    }
