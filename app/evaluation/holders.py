"""Holders of documents are told by keyed digests: names and birth dates are few enough to be guessed one by one."""

import secrets
from functools import partial

from sqlalchemy import Engine as Database

from app.crossings import subjects
from app.facts.subjects import keyed
from app.identity import secret
from app.storage.engine import Work, alone_at, transaction


def key_of(database: Database, given: str | None) -> bytes:
    """The key of the database's holders; on its first use those that are stored are keyed too.

    `given` is the secret of the settings. Raises Conflict where it is not the one the database was keyed with.
    """
    with transaction(database) as tx:
        alone_at(Work.KEYING, tx)
        known = secret.find(tx, given)
        if known is None:
            known = given or secrets.token_hex(32)
            subjects.rekey(tx, partial(keyed, known.encode()))
            secret.keep(tx, known, inside=given is None)
    return known.encode()
