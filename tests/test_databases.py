"""That the databases under test are what they are taken for."""

import sqlalchemy
from sqlalchemy import text

from tests.databases import Postgres


def _tables(url: str) -> list[str]:
    engine = sqlalchemy.create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE crossing (id INTEGER PRIMARY KEY)"))
        return sqlalchemy.inspect(engine).get_table_names()
    finally:
        engine.dispose()


def test_a_test_gets_a_database_of_its_own(database_url: str) -> None:
    assert _tables(database_url) == ["crossing"]


def test_another_test_does_not_see_what_the_first_one_left(database_url: str) -> None:
    assert _tables(database_url) == ["crossing"]


def test_postgresql_keeps_its_folder_closed_to_other_users(postgres: Postgres) -> None:
    assert postgres.folder.stat().st_mode & 0o077 == 0
