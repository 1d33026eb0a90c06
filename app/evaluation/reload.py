"""Which rulebook is in force: that of the rules folder if it loads, else the last good one, loudly (law 9)."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Engine as Database

from app.errors import Invalid, NotFound, Problem, Unavailable
from app.facts.reference_data import CHECKPOINTS, ReferenceData, parse
from app.language.diagnostics import Diagnostic, Severity
from app.language.ir import Position, Rulebook
from app.language.load import load, read_sources
from app.language.suggest import did_you_mean
from app.storage import rulebooks
from app.storage.engine import reading, transaction

# How often it is looked up whether another rulebook was put in force.
_LOOK_SECONDS: Final = 1.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class InForce:
    """A rulebook with its tables. `stale` has the errors that kept a newer one from being put in force."""

    rulebook: Rulebook
    reference: ReferenceData
    stale: tuple[Diagnostic, ...] = ()


def compile_sources(sources: Mapping[str, str]) -> tuple[InForce | None, tuple[Diagnostic, ...]]:
    """Compile files to a rulebook with its tables; None if there is any error."""
    loaded = load(sources)
    reference, problems = parse(sources)
    diagnostics = (*loaded.diagnostics, *problems)
    if loaded.rulebook:
        diagnostics = (*diagnostics, *_of_no_checkpoint(loaded.rulebook, reference))
    if not reference.checkpoints:
        place = Position(CHECKPOINTS, 1, 1)
        message = "there is no register of checkpoints, and every event would be refused"
        diagnostics = (*diagnostics, Diagnostic(Severity.ERROR, "no-register", place, message))
    if loaded.rulebook is None or any(each.severity is Severity.ERROR for each in diagnostics):
        return None, diagnostics
    return InForce(loaded.rulebook, reference), diagnostics


def _of_no_checkpoint(rulebook: Rulebook, reference: ReferenceData) -> Iterator[Diagnostic]:
    """Opening hours of checkpoints that are not in the register."""
    for code, hours in rulebook.opening.items():
        if code not in reference.checkpoints:
            hint = did_you_mean(code, reference.checkpoints, f"Add it to {CHECKPOINTS}, with its source")
            message = f"there is no checkpoint {code} in {CHECKPOINTS}"
            yield Diagnostic(Severity.ERROR, "unknown-checkpoint", hours.at, message, hint)


@lru_cache(maxsize=4)
def stored(database: Database, digest: str) -> InForce:
    """A rulebook of earlier days, compiled again from its stored files; raises NotFound if there is none such."""
    with reading(database) as tx:
        files = rulebooks.sources(tx, digest)
    found = compile_sources(files)[0] if files else None
    if found is None:
        raise NotFound(f"The rulebook {digest} is not stored, or no longer compiles.")
    return found


def put_in_force(database: Database, rules: Path, now: datetime, actor: str) -> InForce:
    """Put the folder's rulebook in force; where it has errors, keep the last good one and say so in `stale`.

    Raises Invalid if there is no last good one either.
    """
    fresh, diagnostics = _compile_folder(rules)
    errors = tuple(each for each in diagnostics if each.severity is Severity.ERROR)
    with transaction(database) as tx:
        digest = rulebooks.active(tx)
        if fresh:
            if fresh.rulebook.digest != digest:
                rulebooks.activate(
                    tx, fresh.rulebook.digest, fresh.rulebook.sources, now, actor, f"loaded from {rules}"
                )
            return fresh
        kept = rulebooks.sources(tx, digest) if digest else None
    last = compile_sources(kept)[0] if kept else None
    if last is None:
        problems = [Problem(f"{e.at.file}:{e.at.line}:{e.at.column}", e.message, e.hint or None) for e in errors]
        raise Invalid("The rules have errors, and no earlier rulebook can be kept in force.", problems)
    return InForce(last.rulebook, last.reference, errors)


class Watch:
    """Hands on each rulebook that another server, or `gerege rules activate`, puts in force; runs until stopped."""

    def __init__(self, database: Database, in_force: Callable[[], InForce], renew: Callable[[InForce], object]) -> None:
        self._database, self._in_force, self._renew = database, in_force, renew
        self._stopping = threading.Event()
        self._refused: str | None = None
        self._thread = threading.Thread(target=self._run, name="watching rulebooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns when nothing is handed on any more."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            # Without a database there is nothing to be told; events are refused meanwhile.
            with suppress(Unavailable):
                self._look()

    def _look(self) -> None:
        with reading(self._database) as tx:
            digest = rulebooks.active(tx)
        if digest is None or digest in {self._in_force().rulebook.digest, self._refused}:
            return
        try:
            found = stored(self._database, digest)
        except NotFound as error:
            self._refused = digest
            _log.error("the rulebook put in force does not compile in this release, the last stays", why=str(error))
            return
        self._renew(found)
        _log.info("another rulebook is in force", digest=digest)


def _compile_folder(rules: Path) -> tuple[InForce | None, tuple[Diagnostic, ...]]:
    """As `compile_sources`. A folder that is not there, or has no rules, would find every crossing compliant."""
    try:
        compiled, diagnostics = compile_sources(read_sources(rules))
    except OSError as error:
        at = Position(str(error.filename), 1, 1)
        return None, (Diagnostic(Severity.ERROR, "unreadable", at, f"the file cannot be read: {error.strerror}"),)
    if compiled and not compiled.rulebook.rules:
        nothing = Diagnostic(
            Severity.ERROR, "no-rules", Position(str(rules), 1, 1), "there are no rules in this folder"
        )
        return None, (nothing,)
    return compiled, diagnostics
