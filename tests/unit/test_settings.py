from pathlib import Path

import pytest

from app.errors import Invalid
from app.settings import Settings, from_environment


def _messages(environ: dict[str, str]) -> list[str]:
    with pytest.raises(Invalid) as caught:
        from_environment(environ)
    return [str(problem) for problem in caught.value.problems]


def test_an_empty_environment_gives_the_defaults() -> None:
    assert from_environment({"PATH": "/usr/bin"}) == Settings()


def test_every_setting_can_be_given() -> None:
    given = from_environment(
        {
            "GEREGE_DATABASE_URL": "postgresql+psycopg://gerege@/gerege",
            "GEREGE_RULES_DIR": "/srv/rules",
            "GEREGE_HOST": "0.0.0.0",  # noqa: S104 - a value, nothing listens
            "GEREGE_PORT": "8080",
            "GEREGE_LOG_LEVEL": "WARNING",
            "GEREGE_MAX_BODY_BYTES": "4096",
            "GEREGE_CROSS_CHECK": "off",
            "GEREGE_PRIVATE_WEBHOOKS": "on",
        }
    )
    assert given == Settings(
        database_url="postgresql+psycopg://gerege@/gerege",
        rules_dir=Path("/srv/rules"),
        host="0.0.0.0",  # noqa: S104 - as above
        port=8080,
        log_level="warning",
        max_body_bytes=4096,
        cross_check=False,
        private_webhooks=True,
    )


def test_a_misspelt_setting_is_refused_with_the_name_meant() -> None:
    assert _messages({"GEREGE_DATABASE_URI": "sqlite:///x"}) == [
        "GEREGE_DATABASE_URI: there is no such setting (did you mean GEREGE_DATABASE_URL?)"
    ]


def test_every_fault_is_named_at_once() -> None:
    assert _messages({"GEREGE_PORT": "http", "GEREGE_CROSS_CHECK": "maybe", "GEREGE_HOST": " "}) == [
        "GEREGE_CROSS_CHECK: 'maybe' is not one of on, off",
        "GEREGE_HOST: is empty; leave it out to have the default",
        "GEREGE_PORT: 'http' is not a whole number from 0 to 65535",
    ]


@pytest.mark.parametrize("port", ["-1", "65536", "٨", "8e3", ""])
def test_a_port_is_a_whole_number_in_range(port: str) -> None:
    assert len(_messages({"GEREGE_PORT": port})) == 1


def test_a_refused_database_url_does_not_show_its_password() -> None:
    (message,) = _messages({"GEREGE_DATABASE_URL": "mysql://gerege:hunter2@db/gerege"})
    assert "hunter2" not in message
