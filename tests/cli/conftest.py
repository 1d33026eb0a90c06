"""The command line run in this process, in an empty folder and with no settings but its own."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import orjson
import pytest

from app.cli.main import run


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 (any JSON document)
        return orjson.loads(self.out)

    @property
    def said(self) -> str:
        """All that was printed, whatever the width it was folded to."""
        return " ".join((self.out + self.err).split())


Gerege: TypeAlias = Callable[..., Outcome]


@pytest.fixture
def gerege(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gerege:
    """Runs `gerege` with these arguments; `GEREGE_…` variables are those the test sets."""
    for name in [name for name in os.environ if name.startswith("GEREGE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def command(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Outcome(code, *capsys.readouterr())

    return command
