"""`gerege serve`: the service in this process, with the faults of its start told in words."""

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
import uvicorn
from fastapi import FastAPI
from uvicorn.importer import import_from_string
from uvicorn.supervisors import Multiprocess

from app.cli.database import opened
from app.cli.settings import DatabaseOption, RulesOption, environment
from app.cli.terminal import CannotRunError, counted, err, fault, working
from app.clock import SystemClock
from app.errors import Invalid
from app.evaluation.reload import InForce, put_in_force
from app.settings import Settings, from_environment
from app.storage.engine import connect

_log = structlog.get_logger()
_APPLICATION = "app.main:from_environment"
_WORKER = "app.main:worker_from_environment"
_METRICS = "gerege-metrics-"
_BACKLOG = 2048
# Containers are killed ten seconds after they were asked to end.
_GRACE_SECONDS = 8
# A worker that starts on a busy machine is silent for long; to kill it would have it start again, and again.
_HUNG_SECONDS = 60


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen at. [GEREGE_HOST]")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen at, 0 for any that is free. [GEREGE_PORT]")
    ] = None,
    database: DatabaseOption = None,
    rules: RulesOption = None,
    migrate: Annotated[bool, typer.Option("--migrate", help="Migrate a PostgreSQL database too.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that serve together.")] = 1,
) -> None:
    """Serve the API until Ctrl-C; an SQLite database is made and migrated by itself."""
    chosen = environment({"host": host, "port": port, "database_url": database, "rules_dir": rules})
    settings = from_environment(chosen)
    # Either signal ends the service as Ctrl-C does: requests on their way are answered first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with opened(settings.database_url, migrate=migrate):
            pass
        if workers == 1:
            serve_application(_APPLICATION, settings, chosen)
        else:
            with _listen(settings) as listening:
                os.environ.update(chosen)
                _run_together(settings, listening, workers)
    except KeyboardInterrupt:
        err.print("Stopped.")


def serve_application(name: str, settings: Settings, chosen: Mapping[str, str]) -> None:
    """Serve an application in this process; it is made by the function of that name from the environment `chosen`."""
    with _listen(settings) as listening:
        os.environ.update(chosen)
        application = _application(name, settings)
        _announce(application.state.services.pipeline.in_force, settings.rules_dir, listening)
        uvicorn.Server(_config(application)).run(sockets=[listening])


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


def _run_together(settings: Settings, listening: socket.socket, workers: int) -> None:
    """Workers share the port and the database; one that dies is started anew."""
    import_from_string("app.main:log_as")(settings.log_level)
    # Read and put in force here once, so that errors are told in words, and by one: what is in force may be another
    # when a worker is replaced.
    database = connect(settings.database_url)
    try:
        with _told(settings):
            in_force = put_in_force(database, settings.rules_dir, SystemClock().now(), "serve")
    finally:
        database.dispose()
    _announce(in_force, settings.rules_dir, listening)
    _remove_old_metrics()
    with tempfile.TemporaryDirectory(prefix=f"{_METRICS}{os.getpid()}-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        config = _config(_WORKER, factory=True, workers=workers, timeout_worker_healthcheck=_HUNG_SECONDS)
        _Workers(config, sockets=[listening]).run()


class _Workers(Multiprocess):
    """Tells of those that died: whoever reads the log learns of memory that ran out again and again."""

    def keep_subprocess_alive(self) -> None:
        before = [*self.processes]
        super().keep_subprocess_alive()
        for each in before:
            if each not in self.processes:
                _log.error("a worker died and was started anew", worker=each.pid, exit_code=each.exitcode)


def _remove_old_metrics() -> None:
    """Of services that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_METRICS}*-*"):
        process = folder.name.removeprefix(_METRICS).partition("-")[0]
        if process.isdecimal() and (int(process) == os.getpid() or not Path(f"/proc/{process}").exists()):
            shutil.rmtree(folder, ignore_errors=True)


def _config(application: FastAPI | str, **more: Any) -> uvicorn.Config:  # noqa: ANN401 (uvicorn's own)
    return uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        # Its log has addresses and paths; the application logs each request itself.
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        **more,
    )


def _announce(in_force: InForce, folder: Path, listening: socket.socket) -> None:
    if in_force.stale:
        fault(
            f"The rules in {folder} have {counted(len(in_force.stale), 'error')}; the last good rulebook stays in "
            f"force. Run `gerege rules check {folder}`."
        )
    host, port = listening.getsockname()[:2]
    err.print(f"{counted(len(in_force.rulebook.rules), 'rule')} in force, {in_force.rulebook.digest}", soft_wrap=True)
    err.print(f"Gerege serves at http://{f'[{host}]' if ':' in host else host}:{port}; Ctrl-C ends it.", soft_wrap=True)


def _application(name: str, settings: Settings) -> FastAPI:
    """The application, by name: commands are below the composition root."""
    with _told(settings):
        application = import_from_string(name)()
    if not isinstance(application, FastAPI):
        raise TypeError(f"{name} makes no application")
    return application


@contextmanager
def _told(settings: Settings) -> Iterator[None]:
    """Errors of the rules are told with the command that shows them."""
    try:
        with working(f"Reading the rules in {settings.rules_dir}…"):
            yield
    except Invalid as error:
        # The rules of a post are its centre's.
        hint = "" if settings.centre_url else f"\nRun `gerege rules check {settings.rules_dir}`."
        raise CannotRunError(f"{error}{hint}") from error
