"""Passwords, kept as Argon2 hashes. To make or compare one takes long by design: never while others wait for a lock."""

import unicodedata
from collections.abc import Iterator
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.errors import Problem

SHORTEST: Final = 12
LONGEST: Final = 1000
_HASHER: Final = PasswordHash((Argon2Hasher(),))
# Compared with where there is no such user, so that it takes as long as where there is: random bytes as salt and hash.
_NOBODYS: Final = "$argon2id$v=19$m=65536,t=3,p=4$gJMBJcsyeVecl/Ortgci7w$YFyUHeXLO6W7dUvylb9jRlfg4QGrw3+hkpVpzj71NhM"


def hashed(password: str) -> str:
    """What is kept of a password."""
    return _HASHER.hash(_normal(password))


def fits(password: str, kept: str | None) -> bool:
    """Whether it is the password of which this is kept; None, of nobody: no, after as long a time."""
    is_same = _HASHER.verify(_normal(password)[:LONGEST], kept or _NOBODYS)
    return is_same and kept is not None


def faults(password: str) -> Iterator[Problem]:
    """Why it cannot be anybody's."""
    if not SHORTEST <= len(_normal(password)) <= LONGEST:
        yield Problem("password", f"must have {SHORTEST} to {LONGEST} characters", "a few words will do")


def _normal(password: str) -> str:
    """The same characters typed on another keyboard are the same password (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
