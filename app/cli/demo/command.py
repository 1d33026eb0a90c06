"""`gerege demo`: starts a service, sends it a year of crossings, and tells what it found."""

import signal
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import httpx2
import typer

from app.cli.demo import client, summary
from app.cli.demo.events import events
from app.cli.demo.people import Json
from app.cli.demo.service import Service, free_port, served
from app.cli.terminal import CannotRunError, err, out, working
from app.vocabulary.codes import Regime

_ON_PAPER = {Regime.STAY, Regime.DOCUMENTS, Regime.CARRIAGE, Regime.CARGO}


def demo(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to serve at; another if it is taken, 0 for any.")
    ] = 8000,
    count: Annotated[int, typer.Option("--events", min=1, max=9999, help="How many crossings to send.")] = 500,
    leave: Annotated[bool, typer.Option("--exit", help="End after the summary instead of serving on.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the database when it ends.")] = False,
) -> None:
    """Try it: a service with a fresh database, made-up crossings at real checkpoints, and what is found in them."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with _folder(keep=keep) as folder, _started(folder, port) as service:
            _run(service, count, serving=not leave)
            if not leave:
                err.print("\nServing until Ctrl-C.")
                _serve_on(service)
    except KeyboardInterrupt:
        err.print("Stopped.")


def _run(service: Service, count: int, *, serving: bool) -> None:
    sent = events(count)
    answers = client.send(service, sent)
    with service.client(service.officer_key) as officer:
        found = summary.Found(sent, answers, client.violations(officer))
        chosen = [each for kind in ("individual", "legal_entity") for each in _example(officer, found.violations, kind)]
    summary.show(out, found, chosen)
    summary.show_next(out, service, chosen[0] if chosen else None, serving=serving)


def _example(officer: httpx2.Client, violations: Sequence[Json], kind: str) -> Iterator[Json]:
    """A violation to show: of the most frequent rule on papers and goods that has a sanction, if there is one."""
    of_kind = [each for each in violations if each["subject"]["kind"] == kind]
    often = Counter(each["rule"] for each in of_kind)
    by_rule = {each["rule"]: each for each in reversed(of_kind)}
    # Conduct is told by one observation; papers show more of how a rule is asked.
    order = sorted(
        by_rule.values(), key=lambda each: (each["regime"] not in _ON_PAPER, -often[each["rule"]], each["rule"])
    )
    details = [client.detail(officer, each) for each in order]
    yield from ([each for each in details if each["law"] and each["law"]["sanction"]] or details)[:1]


@contextmanager
def _started(folder: Path, wanted: int) -> Iterator[Service]:
    port = free_port(wanted)
    if wanted not in {0, port}:
        err.print(f"Port {wanted} is taken; this uses {port}.")
    with working("Starting the service…") as status, served(folder, port) as service:
        status.stop()
        yield service


def _serve_on(service: Service) -> NoReturn:
    code = service.process.wait()
    raise CannotRunError(f"The service ended by itself, with code {code}.")


@contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    """A new folder for the database, taken away at the end unless it is to be kept."""
    if keep:
        folder = Path(tempfile.mkdtemp(prefix="gerege-demo-"))
        yield folder
        err.print(f"The database is kept: {folder / 'demo.db'}")
        return
    with tempfile.TemporaryDirectory(prefix="gerege-demo-") as name:
        yield Path(name)


def _interrupt(number: int, frame: object) -> NoReturn:
    """End as by Ctrl-C, so that the service is ended too."""
    del number, frame
    raise KeyboardInterrupt
