"""`gerege webhooks`: other systems that are told of violations, and what became of it."""

from typing import Annotated, Any

import typer
from rich.table import Column, Table

from app.cli.database import opened
from app.cli.settings import DatabaseOption, settings
from app.cli.terminal import Format, FormatOption, err, out, write_json
from app.clock import SystemClock
from app.evaluation.reload import stored
from app.storage import rulebooks
from app.storage.engine import reading, transaction
from app.violations import webhooks
from app.violations.webhooks import Delivery, Webhook

_BY = "command line"
_IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `gerege webhooks list` shows it.")]


def add(
    url: Annotated[str, typer.Argument(help="Where to send, as https://other.example/gerege.")],
    jurisdiction: Annotated[
        list[str] | None, typer.Option(help="Only of rules of this jurisdiction, as RUS. Repeatable.")
    ] = None,
    rule: Annotated[list[str] | None, typer.Option(help="Only of this rule. Repeatable.")] = None,
    database: DatabaseOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Have another system told of violations; prints the secret that signs what is sent, now or never."""
    with opened(settings(database_url=database).database_url) as engine:
        with reading(engine) as tx:
            digest = rulebooks.active(tx)
        rulebook = stored(engine, digest).rulebook if digest else None
        with transaction(engine) as tx:
            made = webhooks.add(tx, url, jurisdiction or [], rule or [], SystemClock().now(), _BY, rulebook)
    if form is Format.JSON:
        write_json(_plain(made) | {"secret": made.secret})
    else:
        err.print(f"Webhook {made.id}. Its secret is not shown again:")
        typer.echo(made.secret)


def list_(database: DatabaseOption = None, form: FormatOption = Format.TEXT) -> None:
    """List all webhooks, without their secrets."""
    with opened(settings(database_url=database).database_url) as engine, reading(engine) as tx:
        rows = [_plain(each) for each in webhooks.every(tx)]
    if form is Format.JSON:
        write_json(rows)
        return
    table = Table(_identifier("id"), "address", "told of", box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(row["webhook"], row["url"], " ".join((*row["jurisdictions"], *row["rules"])) or "everything")
    if rows:
        out.print(table)
    else:
        err.print("There are no webhooks; `gerege webhooks add` makes one.")


def remove(identifier: _IdArgument, database: DatabaseOption = None) -> None:
    """Tell a system nothing more, nor what still waits."""
    with opened(settings(database_url=database).database_url) as engine, transaction(engine) as tx:
        webhooks.remove(tx, identifier, SystemClock().now(), _BY)
    err.print(f"The webhook {identifier} is told nothing more.")


def deliveries(
    identifier: _IdArgument,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50,
    database: DatabaseOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """List what was sent, or is to be, the newest first; what ended is kept for 30 days."""
    with opened(settings(database_url=database).database_url) as engine, reading(engine) as tx:
        rows = [_told(each) for each in webhooks.deliveries(tx, identifier, limit)]
    if form is Format.JSON:
        write_json(rows)
        return
    columns = "made", _identifier("violation"), "change", "state", "tries", "last"
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        last = row["fault"] or (f"answered {row['answered']}" if row["answered"] else "")
        made = row["made_at"].partition(".")[0]
        table.add_row(made, row["violation"], str(row["change"]), row["state"], str(row["attempts"]), last)
    if rows:
        out.print(table)
    else:
        err.print("Nothing was sent yet, and nothing waits.")


def _identifier(name: str) -> Column:
    """Whole, however narrow the terminal: it is there to be copied."""
    return Column(name, no_wrap=True, min_width=36)


def _plain(each: Webhook) -> dict[str, Any]:
    return {
        "webhook": each.id,
        "url": each.url,
        "jurisdictions": list(each.jurisdictions),
        "rules": list(each.rules),
        "made_at": each.made_at.isoformat(),
        "made_by": each.made_by,
    }


def _told(each: Delivery) -> dict[str, Any]:
    return {
        "delivery": each.id,
        "violation": each.violation,
        "change": each.number,
        "state": each.state.value,
        "attempts": each.attempts,
        "answered": each.answered,
        "fault": each.fault,
        "made_at": each.made_at.isoformat(),
        "ended_at": each.ended_at.isoformat() if each.ended_at else None,
    }
