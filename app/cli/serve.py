"""`gerege serve`: the service in this process, with the faults of its start told in words."""

import os
import signal
import socket
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI
from uvicorn.importer import import_from_string

from app.cli.database import opened
from app.cli.settings import DatabaseOption, RulesOption, environment
from app.cli.terminal import CannotRunError, counted, err, fault, working
from app.errors import Invalid
from app.evaluation.reload import InForce
from app.settings import Settings, from_environment

_BACKLOG = 2048
# Containers are killed ten seconds after they were asked to end.
_GRACE_SECONDS = 8


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen at. [GEREGE_HOST]")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen at, 0 for any that is free. [GEREGE_PORT]")
    ] = None,
    database: DatabaseOption = None,
    rules: RulesOption = None,
    migrate: Annotated[bool, typer.Option("--migrate", help="Migrate a PostgreSQL database too.")] = False,
) -> None:
    """Serve the API until Ctrl-C; an SQLite database is made and migrated by itself."""
    chosen = environment({"host": host, "port": port, "database_url": database, "rules_dir": rules})
    settings = from_environment(chosen)
    # Either signal ends the service as Ctrl-C does: requests on their way are answered first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with opened(settings.database_url, migrate=migrate):
            pass
        with _listen(settings) as listening:
            # The application is made from the environment (`app.main.from_environment`), so the options go there.
            os.environ.update(chosen)
            _run(settings, listening)
    except KeyboardInterrupt:
        err.print("Stopped.")


def _listen(settings: Settings) -> socket.socket:
    """Listen before the rules are read: a port in use is said at once."""
    try:
        family, *_, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        where = f"{settings.host} port {settings.port}"
        raise CannotRunError(f"Cannot listen at {where}: {error}. Choose another with --host and --port.") from error
    return listening


def _run(settings: Settings, listening: socket.socket) -> None:
    application = _application(settings)
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        # Its log has addresses and paths; the application logs each request itself.
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    _announce(application.state.services.pipeline.in_force, settings.rules_dir, listening)
    uvicorn.Server(config).run(sockets=[listening])


def _announce(in_force: InForce, folder: Path, listening: socket.socket) -> None:
    if in_force.stale:
        fault(
            f"The rules in {folder} have {counted(len(in_force.stale), 'error')}; the last good rulebook stays in "
            f"force. Run `gerege rules check {folder}`."
        )
    host, port = listening.getsockname()[:2]
    err.print(f"{counted(len(in_force.rulebook.rules), 'rule')} in force, {in_force.rulebook.digest}", soft_wrap=True)
    err.print(f"Gerege serves at http://{f'[{host}]' if ':' in host else host}:{port}; Ctrl-C ends it.", soft_wrap=True)


def _application(settings: Settings) -> FastAPI:
    """The application, by name: commands are below the composition root."""
    try:
        with working(f"Reading the rules in {settings.rules_dir}…"):
            application = import_from_string("app.main:from_environment")()
    except Invalid as error:
        raise CannotRunError(f"{error}\nRun `gerege rules check {settings.rules_dir}`.") from error
    if not isinstance(application, FastAPI):
        raise TypeError("app.main:from_environment makes no application")
    return application
