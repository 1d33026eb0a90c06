"""How installations differ: read from the environment once, then handed down, never looked up."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from app.errors import Invalid, Problem

PREFIX = "GEREGE_"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its default; `GEREGE_<NAME>` in the environment overrides it."""

    database_url: str = "sqlite:///var/gerege.db"
    """SQLAlchemy URL, `sqlite:///FILE` or `postgresql+psycopg://…`."""
    rules_dir: Path = Path("rules")
    host: str = "127.0.0.1"
    port: int = 8000
    log_level: str = "info"
    max_body_bytes: int = 1 << 20
    """Largest request body accepted, in bytes."""
    cross_check: bool = True
    """Whether what the nominating backends say is compared with one another."""
    private_webhooks: bool = False
    """Whether webhooks may be sent to addresses of this machine and its neighbourhood."""
    signing_key: Path = Path("var/signing.pem")
    """File of the key that rulebooks for posts are signed with; without it posts are given none."""
    spool_dir: Path = Path("var/spool")
    """Of a post: where events are kept until the centre has them."""
    centre_url: str = ""
    """Of a post: address of the centre, `https://…`."""
    centre_key: str = field(default="", repr=False)
    """Of a post: its key at the centre, of role `post`."""
    rulebook_key: str = ""
    """Of a post: the public key that rulebooks must be signed with, `ed25519:…`."""


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise ValueError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return parse


def _one_of(meanings: Mapping[str, _T]) -> Callable[[str], _T]:
    def parse(text: str) -> _T:
        if text.lower() not in meanings:
            raise ValueError(f"{text!r} is not one of {', '.join(meanings)}")
        return meanings[text.lower()]

    return parse


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; leave it out to have the default")
    return text.strip()


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("must begin with https:// or http://")
    return text.rstrip("/")


def _database_url(text: str) -> str:
    if not text.startswith(("sqlite:///", "postgresql+psycopg://")):
        # The text itself may hold a password and is not repeated.
        raise ValueError("must begin with sqlite:/// or postgresql+psycopg://")
    return text


_PARSERS: Mapping[str, Callable[[str], object]] = {
    "database_url": _database_url,
    "rules_dir": lambda text: Path(_text(text)),
    "host": _text,
    "port": _whole(0, 65535),
    "log_level": _one_of({level: level for level in ("debug", "info", "warning", "error")}),
    "max_body_bytes": _whole(1 << 10, 1 << 30),
    "signing_key": lambda text: Path(_text(text)),
    "spool_dir": lambda text: Path(_text(text)),
    "centre_url": _address,
    "centre_key": _text,
    "rulebook_key": _text,
    "cross_check": _one_of({"on": True, "off": False}),
    "private_webhooks": _one_of({"on": True, "off": False}),
}


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Read the settings; raises `Invalid` naming every variable that is unknown or has an unusable value."""
    problems: list[Problem] = []
    values: dict[str, object] = {}
    given = {name: text for name, text in environ.items() if name.startswith(PREFIX)}
    for variable, text in sorted(given.items()):
        name = variable.removeprefix(PREFIX).lower()
        parse = _PARSERS.get(name)
        if parse is None:
            problems.append(Problem(variable, "there is no such setting", _suggestion(name)))
            continue
        try:
            values[name] = parse(text)
        except ValueError as error:
            problems.append(Problem(variable, str(error)))
    if problems:
        raise Invalid("The settings in the environment cannot be used.", problems)
    return Settings(**values)  # type: ignore[arg-type] # each parser returns its field's type


def _suggestion(name: str) -> str:
    near = get_close_matches(name, _PARSERS, n=1)
    return f"did you mean {PREFIX}{near[0].upper()}?" if near else f"there are: {', '.join(_variables())}"


def _variables() -> Iterator[str]:
    return (PREFIX + each.name.upper() for each in fields(Settings))
