"""`gerege forward`: the service of a post with a bad line."""

import fcntl
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from app.cli.serve import serve_application
from app.cli.settings import environment
from app.cli.terminal import CannotRunError, err, key_in
from app.errors import Invalid, Problem, Unavailable
from app.evaluation.bundle import public_key
from app.forwarding.spool import own
from app.settings import from_environment

_LOOPBACK = re.compile(r"127(\.[0-9]{1,3}){3}")


def forward(
    to: Annotated[str | None, typer.Option(metavar="URL", help="Address of the centre. [GEREGE_CENTRE_URL]")] = None,
    spool: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where events and the rulebook are kept. [GEREGE_SPOOL_DIR]")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File with the post's key at the centre. [GEREGE_CENTRE_KEY]")
    ] = None,
    rulebook_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Public key of the centre's rulebooks. [GEREGE_RULEBOOK_KEY]")
    ] = None,
    clear: Annotated[bool, typer.Option("--in-clear", help="Send the key over http:// to another machine.")] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen at. [GEREGE_HOST]")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen at. [GEREGE_PORT]")] = None,
) -> None:
    """Take events as the centre does, judge them at once (provisionally), and send them on until the centre has them.

    The first start needs the line, for a rulebook; lanes send with the key of the post.
    """
    options = {"centre_url": to, "spool_dir": spool, "rulebook_key": rulebook_key, "host": host, "port": port}
    key = key_in(key_file) if key_file else None
    chosen = environment(options | {"centre_key": key})
    settings = from_environment(chosen)
    _check(settings.centre_url, settings.centre_key, settings.rulebook_key)
    if not (clear or _is_private(settings.centre_url)):
        raise Invalid("Whoever is on the line could read the post's key: use https://, or add --in-clear.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _alone_at(settings.spool_dir):
            serve_application("app.main:post_from_environment", settings, chosen)
    except Unavailable as error:
        raise CannotRunError(error.detail) from error
    except KeyboardInterrupt:
        err.print("Stopped; what was not sent is sent after the next start.")


@contextmanager
def _alone_at(spool: Path) -> Iterator[None]:
    """Two posts would send what one of them stored, each in its own time; whatever ends this one, the spool is free."""
    own(spool, "lock")
    with (spool / "lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotRunError(f"Another post is at {spool}: give this one a --spool of its own.") from error
        yield


def _is_private(url: str) -> bool:
    """Whether nobody on the line to it can read what is sent."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "https" or host in {"localhost", "::1"} or _LOOPBACK.fullmatch(host) is not None


def _check(url: str, key: str, rulebook_key: str) -> None:
    given = {"GEREGE_CENTRE_URL": url, "GEREGE_CENTRE_KEY": key, "GEREGE_RULEBOOK_KEY": rulebook_key}
    problems = [Problem(name, "is not set") for name, value in given.items() if not value]
    if rulebook_key:
        try:
            public_key(rulebook_key)
        except ValueError as error:
            problems.append(Problem("GEREGE_RULEBOOK_KEY", str(error)))
    if problems:
        raise Invalid("A post needs its centre, its key there, and the key of the centre's rulebooks.", problems)
