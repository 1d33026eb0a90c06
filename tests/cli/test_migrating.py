"""`gerege migrate`, and the databases that no command touches."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Gerege


def test_it_says_from_where_to_where_and_the_second_time_that_it_is_done(gerege: Gerege) -> None:
    first, second = gerege("migrate"), gerege("migrate")
    assert (first.code, second.code) == (0, 0)
    assert re.fullmatch(r"The database went from revision none to \w+\.\n", first.out)
    assert re.fullmatch(r"The database is at revision \w+ already\.\n", second.out)


@pytest.mark.parametrize("command", [("migrate",), ("serve", "--port", "0"), ("keys", "list")])
def test_a_database_of_a_newer_release_is_left_alone(gerege: Gerege, tmp_path: Path, command: tuple[str, ...]) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    assert gerege("migrate", "--database", url).code == 0
    with closing(sqlite3.connect(tmp_path / "new.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    outcome = gerege(*command, "--database", url)
    assert outcome.code == 3
    assert "may have been made by a newer release" in outcome.said
    with closing(sqlite3.connect(tmp_path / "new.db")) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


def test_a_file_that_is_no_database_is_said_to_be_none(gerege: Gerege, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Not a database at all. " * 100, encoding="utf-8")
    outcome = gerege("migrate", "--database", "sqlite:///notes.txt")
    assert outcome.code == 3
    assert "file is not a database" in outcome.said
