"""`gerege forward` and `gerege consume`, before anything is served: what cannot go well is told in a line."""

import fcntl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.evaluation.bundle import named
from tests.cli.conftest import Gerege
from tests.cli.test_startup import run

README = Path(__file__).parents[2] / "README.md"


def post(key: Path, spool: Path) -> list[str]:
    public = named(Ed25519PrivateKey.generate().public_key())
    options = {"--to": "http://127.0.0.1:9", "--key-file": str(key), "--rulebook-key": public, "--spool": str(spool)}
    return ["forward", *(part for each in options.items() for part in each)]


@pytest.mark.parametrize("file", [README, Path("/dev/null"), Path("/nowhere/at.all")])
def test_a_file_without_a_key_is_wrong_use(gerege: Gerege, tmp_path: Path, file: Path) -> None:
    for command in (post(file, tmp_path / "spool"), ["consume", "--key-file", str(file)]):
        done = gerege(*command)
        assert done.code == 2
        assert done.err.startswith(f"gerege: {file} ")
    assert not (tmp_path / "spool").exists()


def test_a_second_post_at_one_spool_is_refused(tmp_path: Path) -> None:
    # As a program of its own: an application that is made sets the logging of its whole process.
    key, spool = tmp_path / "key", tmp_path / "spool"
    key.write_text("gk_0123456789abcdef_secret\n")
    spool.mkdir()
    with (spool / "lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        done = run(tmp_path, *post(key, spool))
    assert (done.returncode, "Another post is at" in done.stderr) == (3, True)
    # Without the other it gets as far as the line, which is not there; what to do has nothing to do with rules here.
    done = run(tmp_path, *post(key, spool))
    assert done.returncode == 3
    assert "Another post" not in done.stderr
    assert "rules check" not in done.stderr
