"""Which rulebook is in force: that of the rules folder if it loads, else the last good one, loudly (law 9)."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

import structlog
from sqlalchemy import Engine as Database

from app.errors import Invalid, NotFound, Problem
from app.evaluation.repeating import Repeating
from app.facts.reference_data import CHECKPOINTS, ReferenceData, parse
from app.language.diagnostics import Diagnostic, Severity
from app.language.ir import Position, Rulebook
from app.language.load import load, read_sources
from app.language.suggest import did_you_mean
from app.storage import rulebooks
from app.storage.engine import reading, transaction

# How often it is looked up whether another rulebook was put in force.
_LOOK_SECONDS: Final = 1.0
_LONGEST_PAUSE: Final = 10.0
# A thousand rules are built in a few seconds; whatever is judged before takes its time too.
_PATIENCE_SECONDS: Final = 120.0
_OTHER_RELEASE: Final = "does not compile in this release"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class InForce:
    """A rulebook with its tables. `stale` has the errors that kept a newer one from being put in force."""

    rulebook: Rulebook
    reference: ReferenceData
    stale: tuple[Diagnostic, ...] = ()


def compile_sources(sources: Mapping[str, str]) -> tuple[InForce | None, tuple[Diagnostic, ...]]:
    """Compile files to a rulebook with its tables; None if there is any error."""
    return _compiled(tuple(sources.items()))


# A post and a restarted service meet the same files twice.
@lru_cache(maxsize=2)
def _compiled(files: tuple[tuple[str, str], ...]) -> tuple[InForce | None, tuple[Diagnostic, ...]]:
    sources = dict(files)
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


def loaded_from(rules: Path) -> str:
    """The reason that is kept of what was put in force from a folder."""
    return f"loaded from {rules.resolve()}"


def put_in_force(database: Database, rules: Path, now: datetime, actor: str, *, first: bool = False) -> InForce:
    """Put the folder's rulebook in force; where it has errors, keep the last good one and say so in `stale`.

    A folder that was put in force before, by this actor or from this place, and is still the same, is not so again:
    what was put in force since stays. With `first` it is only if nothing else ever was.
    Raises Invalid if it has errors and there is no last good one either.
    """
    fresh, diagnostics = _compile_folder(rules)
    errors = tuple(each for each in diagnostics if each.severity is Severity.ERROR)
    reason = loaded_from(rules)
    with transaction(database) as tx:
        digest = rulebooks.active(tx)
        if fresh and (digest is None or not (first or rulebooks.last_put(tx, actor, reason) == fresh.rulebook.digest)):
            rulebooks.activate(tx, fresh.rulebook.digest, fresh.rulebook.sources, now, actor, reason)
            return fresh
        if fresh and fresh.rulebook.digest == digest:
            return fresh
        kept = rulebooks.sources(tx, digest) if digest else None
    last = compile_sources(kept)[0] if kept else None
    if last:
        if fresh and not first:
            _log.warning("the rules folder is as it was put in force before; what was since stays", digest=digest)
        return InForce(last.rulebook, last.reference, errors)
    if fresh:
        return InForce(fresh.rulebook, fresh.reference, (_unreadable(str(digest), _OTHER_RELEASE),))
    problems = [Problem(f"{e.at.file}:{e.at.line}:{e.at.column}", e.message, e.hint or None) for e in errors]
    raise Invalid("The rules have errors, and no earlier rulebook can be kept in force.", problems)


class Judging(Protocol):
    """Whoever judges by the rulebook in force: the pipeline."""

    @property
    def in_force(self) -> InForce: ...

    def renew(self, in_force: InForce) -> Future[None]: ...

    def tell_stale(self, stale: tuple[Diagnostic, ...]) -> None: ...


class Watch:
    """Hands on each rulebook that another server, or `gerege rules activate`, puts in force; runs until stopped."""

    def __init__(self, database: Database, judging: Judging) -> None:
        self._database, self._judging = database, judging
        self._refused: str | None = None
        self._told = False
        self.thread = Repeating("watching rulebooks", self._look, _LONGEST_PAUSE)
        self.thread.start()

    def _look(self) -> float:
        with reading(self._database) as tx:
            digest = rulebooks.active(tx)
        if digest == self._judging.in_force.rulebook.digest:
            if self._told:
                self._judging.tell_stale(())
            self._told, self._refused = False, None
        elif digest and digest != self._refused:
            self._take_over(digest)
        return _LOOK_SECONDS

    def _take_over(self, digest: str) -> None:
        try:
            self._judging.renew(stored(self._database, digest)).result(_PATIENCE_SECONDS)
        except NotFound as error:
            self._refused = digest
            self._tell(digest, _OTHER_RELEASE)
            _log.error("the rulebook put in force cannot be read here, the last one stays", why=str(error))
        except Exception as error:
            self._tell(digest, f"cannot be taken over yet ({type(error).__name__})")
            raise
        else:
            self._told, self._refused = False, None
            _log.info("another rulebook is in force", digest=digest)

    def _tell(self, digest: str, why: str) -> None:
        self._told = True
        self._judging.tell_stale((_unreadable(digest, why),))


def _unreadable(digest: str, why: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, "not-taken-over", Position(digest, 1, 1), f"the rulebook put in force {why}")


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
