"""Passwords as they are kept."""

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.identity import passwords

# Before the tests are given quicker ones.
NOBODYS = passwords._NOBODYS  # noqa: SLF001 (it is seen nowhere else)


def test_nobodys_password_costs_what_everybodys_does() -> None:
    def cost(kept: str) -> tuple[list[str], list[int]]:
        parts = kept.split("$")
        return parts[:4], [len(part) for part in parts]

    assert cost(NOBODYS) == cost(PasswordHash((Argon2Hasher(),)).hash("whatever it is"))
