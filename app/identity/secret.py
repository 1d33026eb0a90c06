"""The secret of an installation: what is keyed with it can be guessed only by whoever has it.

All servers of a database have the same. Where no setting gives it, the database keeps one of its own; then whoever has
stolen the database has both.
"""

import hashlib

from sqlalchemy import insert, select, update

from app.errors import Conflict
from app.storage.engine import Transaction
from app.storage.tables import installation


def find(tx: Transaction, given: str | None) -> str | None:
    """The secret, None while the database has not been keyed; `given` is that of the setting.

    One that the database has kept is taken out of it once it is given. Raises Conflict where there is none, or another
    than before.
    """
    row = tx.execute(select(installation)).one_or_none()
    if row is None:
        return None
    secret = given or row.secret
    if secret is None:
        raise _refused("is missing, and the database does not keep the one it was keyed with")
    if _fingerprint(secret) != row.fingerprint:
        raise _refused("is another than the one this database was keyed with")
    if given and row.secret:
        tx.execute(update(installation).values(secret=None))
    return secret


def keep(tx: Transaction, secret: str, *, inside: bool) -> None:
    """Remember which secret it is and, if `inside`, the secret itself."""
    tx.execute(insert(installation).values(id=1, fingerprint=_fingerprint(secret), secret=secret if inside else None))


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(f"fingerprint {secret}".encode()).hexdigest()


def _refused(message: str) -> Conflict:
    hint = "give all servers the same; a database that keeps one of its own has it in its table `installation`"
    return Conflict(f"GEREGE_SECRET {message}: {hint}.")
