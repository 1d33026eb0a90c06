"""`gerege consume`: events from a NATS JetStream."""

import os
from pathlib import Path
from typing import Annotated

import typer
from uvicorn.importer import import_from_string

from app.cli.database import opened
from app.cli.settings import DatabaseOption, RulesOption, environment
from app.cli.terminal import CannotRunError, err, key_in
from app.settings import from_environment


def consume(
    key_file: Annotated[Path, typer.Option(metavar="FILE", help="File with the key in whose name events are taken.")],
    nats: Annotated[list[str] | None, typer.Option(metavar="URL", help="Server of the stream; repeatable.")] = None,
    subject: Annotated[str, typer.Option(help="Subject that events are published on.")] = "crossings.>",
    dead: Annotated[str, typer.Option(help="Subject for messages that can never be taken.")] = "dead.crossings",
    again: Annotated[
        float, typer.Option("--redeliver-after", min=1, help="Seconds until what is not acknowledged comes again.")
    ] = 60,
    database: DatabaseOption = None,
    rules: RulesOption = None,
) -> None:
    """Judge and store events of a stream until Ctrl-C; each is acknowledged after it is committed."""
    chosen = environment({"database_url": database, "rules_dir": rules})
    key = key_in(key_file)
    settings = from_environment(chosen)
    with opened(settings.database_url):
        pass
    os.environ.update(chosen)
    # By name: commands are below the composition root.
    run, stream = import_from_string("app.main:consume"), import_from_string("app.web.stream:Stream")
    err.print(f"Taking events from {subject}; Ctrl-C ends it.", soft_wrap=True)
    try:
        servers = nats or ["nats://127.0.0.1:4222"]
        run(settings, key, stream(servers, subject, dead, again))
    except OSError as error:
        raise CannotRunError(f"The stream cannot be reached: {error}.") from error
    err.print("Stopped; what was not acknowledged is delivered again.")
