"""Keeps the post's rulebook that of the centre: fetched, verified, and the last good one kept through everything."""

import os
from dataclasses import dataclass
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
from app.evaluation.repeating import NotNowError, Repeating
from app.storage import rulebooks
from app.storage.engine import transaction

FILE: Final = "rulebook.json"
_WAIT_SECONDS: Final = 30
_PAUSE_SECONDS, _REFUSED_SECONDS = 1.0, 10.0
_log = structlog.get_logger()


def accepted(envelope: bytes, key: Ed25519PublicKey, last: Bundle | None) -> tuple[Bundle, InForce]:
    """A bundle that may replace the last one; raises Invalid if it may not, or does not compile."""
    bundle = opened(envelope, key)
    if last and bundle.revision < last.revision:
        raise Invalid(f"The rulebook of revision {bundle.revision} is older than the last, of {last.revision}.")
    if last and bundle.revision == last.revision and bundle.digest != last.digest:
        raise Invalid(f"The rulebook is another than the last, of the same revision {last.revision}.")
    found = compile_sources(bundle.files)[0]
    if found is None or found.rulebook.digest != bundle.digest:
        raise Invalid("The rulebook does not compile in this release, or is not the one it says it is.")
    return bundle, found


def at_start(client: httpx2.Client, key: Ed25519PublicKey, spool: Path) -> tuple[Bundle, InForce]:
    """The last good one, or the centre's where there is none of this key and release. Raises as `first`."""
    try:
        if found := kept(spool, key):
            return found
    except Invalid as error:
        _log.error("the rulebook kept here cannot be used, the centre is asked for its own", why=str(error))
    return first(client, key, spool)


def kept(spool: Path, key: Ed25519PublicKey) -> tuple[Bundle, InForce] | None:
    """The last good one; None if there was none yet. Raises Invalid if somebody changed it, or the key or release."""
    file = spool / FILE
    return accepted(file.read_bytes(), key, None) if file.exists() else None


def keep(spool: Path, envelope: bytes) -> None:
    """Put it in the place of the last one: whatever happens meanwhile, one of the two is there whole."""
    new = spool / f"{FILE}.new"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
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
        given = fetch(client, None)
    except (httpx2.HTTPError, NotNowError) as error:
        raise Unavailable(
            f"There is no rulebook here to use, and the centre cannot be reached: {error}. Start while the line is up."
        ) from error
    assert given  # noqa: S101 (asked without a tag)
    found = accepted(given.envelope, key, None)
    keep(spool, given.envelope)
    return found


def put_in_force(database: Database, bundle: Bundle, now: datetime) -> None:
    """At this post."""
    with transaction(database) as tx:
        rulebooks.activate(tx, bundle.digest, bundle.files, now, "forward", f"revision {bundle.revision} of the centre")


@dataclass(frozen=True, slots=True)
class Given:
    """What the centre gave, and its tag to ask for another by."""

    envelope: bytes
    tag: str


def fetch(client: httpx2.Client, tag: str | None, wait: int = 0) -> Given | None:
    """The centre's rulebook; None if it has this tag still. Raises httpx2.HTTPError, NotNowError or Invalid."""
    head = {"Prefer": f"wait={wait}"} | ({"If-None-Match": tag} if tag else {})
    response = client.get("/v1/rulebooks/active", headers=head, timeout=wait + 30)
    if response.status_code == 304:  # noqa: PLR2004 (not modified)
        return None
    said = f"The centre gives no rulebook: {response.status_code} {response.text[:200]}"
    if response.status_code >= 500:  # noqa: PLR2004 (of the centre itself, or of what is before it)
        raise NotNowError(said)
    if response.status_code != 200:  # noqa: PLR2004 (OK)
        raise Invalid(said)
    return Given(response.content, response.headers.get("ETag", ""))


class Keeper:
    """A thread that asks the centre for its rulebook, again and again."""

    def __init__(  # one argument for each thing that takes part
        self, database: Database, client: httpx2.Client, key: Ed25519PublicKey, spool: Path, last: Bundle, clock: Clock
    ) -> None:
        self._database, self._client, self._key, self._spool = database, client, key, spool
        self._last, self._clock = last, clock
        self._refused_tag = ""
        self.refused: str | None = None
        self.thread = Repeating("fetching rulebooks", self._look, ordinary=(httpx2.HTTPError,))
        self.thread.start()

    @property
    def revision(self) -> int:
        """Of the rulebook that is in force here."""
        return self._last.revision

    def _look(self) -> float:
        try:
            given = fetch(self._client, self._refused_tag or _tag(self._last), _WAIT_SECONDS)
        except Invalid as error:
            return self._refuse(error)
        if self.thread.stopping.is_set():
            return 0.0
        if given is None:
            # What was refused is not fetched again; it is refused still.
            self.refused = self.refused if self._refused_tag else None
            return _PAUSE_SECONDS
        try:
            bundle, _ = accepted(given.envelope, self._key, self._last)
        except Invalid as error:
            self._refused_tag = given.tag
            return self._refuse(error)
        keep(self._spool, given.envelope)
        put_in_force(self._database, bundle, self._clock.now())
        self._last, self.refused, self._refused_tag = bundle, None, ""
        return _PAUSE_SECONDS

    def _refuse(self, error: Invalid) -> float:
        if self.refused != str(error):
            _log.error("the centre's rulebook is refused, the last one stays in force", why=str(error))
        self.refused = str(error)
        return _REFUSED_SECONDS


def _tag(bundle: Bundle) -> str:
    return f'"{bundle.revision}-{bundle.digest}"'
