"""Keeps the post's rulebook that of the centre: fetched, verified, and the last good one kept through everything."""

import os
import threading
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx2
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Engine as Database

from app.clock import Clock
from app.errors import Invalid, Unavailable
from app.evaluation.bundle import Bundle, opened
from app.evaluation.reload import InForce, compile_sources
from app.storage import rulebooks
from app.storage.engine import transaction

FILE: Final = "rulebook.json"
_WAIT_SECONDS: Final = 30
_PAUSE_SECONDS: Final = 5.0
_log = structlog.get_logger()


def accepted(envelope: bytes, key: Ed25519PublicKey, last: Bundle | None) -> tuple[Bundle, InForce]:
    """A bundle that may replace the last one; raises Invalid if it may not, or does not compile."""
    bundle = opened(envelope, key)
    if last and bundle.revision < last.revision:
        raise Invalid(f"The rulebook of revision {bundle.revision} is older than the last, of {last.revision}.")
    found = compile_sources(bundle.files)[0]
    if found is None or found.rulebook.digest != bundle.digest:
        raise Invalid("The rulebook does not compile in this release, or is not the one it says it is.")
    return bundle, found


def kept(spool: Path, key: Ed25519PublicKey) -> tuple[Bundle, InForce] | None:
    """The last good one; None if there was none yet. Raises Invalid if somebody changed it."""
    file = spool / FILE
    return accepted(file.read_bytes(), key, None) if file.exists() else None


def keep(spool: Path, envelope: bytes) -> None:
    """Put it in the place of the last one: whatever happens meanwhile, one of the two is there whole."""
    new = spool / f"{FILE}.new"
    with new.open("wb") as file:
        file.write(envelope)
        file.flush()
        os.fsync(file.fileno())
    new.replace(spool / FILE)
    folder = os.open(spool, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def first(client: httpx2.Client, key: Ed25519PublicKey, spool: Path) -> tuple[Bundle, InForce]:
    """The first one a post ever gets; raises Unavailable if the centre cannot be reached, and Invalid."""
    try:
        envelope = fetch(client, None)
    except httpx2.HTTPError as error:
        raise Unavailable(
            f"There is no rulebook here yet, and the centre cannot be reached: {error}. Start while the line is up."
        ) from error
    assert envelope  # noqa: S101 (asked without a tag)
    found = accepted(envelope, key, None)
    keep(spool, envelope)
    return found


def put_in_force(database: Database, bundle: Bundle, now: datetime) -> None:
    """At this post."""
    with transaction(database) as tx:
        rulebooks.activate(tx, bundle.digest, bundle.files, now, "forward", f"revision {bundle.revision} of the centre")


def fetch(client: httpx2.Client, last: Bundle | None, wait: int = 0) -> bytes | None:
    """The centre's rulebook; None if it is the last one still. Raises httpx2.HTTPError or Invalid."""
    head = {"Prefer": f"wait={wait}"} | ({"If-None-Match": f'"{last.revision}-{last.digest}"'} if last else {})
    response = client.get("/v1/rulebooks/active", headers=head, timeout=wait + 30)
    if response.status_code == 304:  # noqa: PLR2004 (not modified)
        return None
    if response.status_code != 200:  # noqa: PLR2004 (OK)
        raise Invalid(f"The centre gives no rulebook: {response.status_code} {response.text[:200]}")
    return response.content


class Keeper:
    """A thread that asks the centre for its rulebook, again and again."""

    def __init__(  # one argument for each thing that takes part
        self, database: Database, client: httpx2.Client, key: Ed25519PublicKey, spool: Path, last: Bundle, clock: Clock
    ) -> None:
        self._database, self._client, self._key, self._spool = database, client, key, spool
        self._last, self._clock = last, clock
        self.refused: str | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fetching rulebooks", daemon=True)
        self._thread.start()

    @property
    def revision(self) -> int:
        """Of the rulebook that is in force here."""
        return self._last.revision

    def stop(self) -> None:
        """Does not wait for the thread: it may be waiting for the centre, and changes nothing any more."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
            except (httpx2.HTTPError, Unavailable):
                self._stopping.wait(_PAUSE_SECONDS)
            except Invalid as error:
                self.refused = str(error)
                _log.error("the centre's rulebook is refused, the last one stays in force", why=str(error))
                self._stopping.wait(_PAUSE_SECONDS)

    def _look(self) -> None:
        envelope = fetch(self._client, self._last, _WAIT_SECONDS)
        if envelope is None or self._stopping.is_set():
            return
        bundle, _ = accepted(envelope, self._key, self._last)
        keep(self._spool, envelope)
        put_in_force(self._database, bundle, self._clock.now())
        self._last, self.refused = bundle, None
