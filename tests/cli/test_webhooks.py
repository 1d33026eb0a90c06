"""`gerege webhooks`, on a database of its own."""

from pathlib import Path

import orjson
import pytest

from app.cli.main import run


def test_a_webhook_is_added_listed_looked_at_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--database", f"sqlite:///{tmp_path}/gerege.db"]
    assert run(["webhooks", "list", *at]) == 0
    assert "There are no webhooks" in capsys.readouterr().err
    asked = ["https://other.example/gerege", "--jurisdiction", "RUS", "--rule", "RUS-STAY-001"]
    assert run(["webhooks", "add", *asked, *at]) == 0
    secret = capsys.readouterr().out.strip()
    assert secret.startswith("whsec_")
    assert run(["webhooks", "list", "--format", "json", *at]) == 0
    told = capsys.readouterr().out
    assert secret not in told
    (listed,) = orjson.loads(told)
    assert (listed["url"], listed["jurisdictions"], listed["rules"]) == (asked[0], ["RUS"], ["RUS-STAY-001"])
    assert run(["webhooks", "list", *at]) == 0
    assert listed["webhook"] in capsys.readouterr().out
    assert run(["webhooks", "deliveries", listed["webhook"], *at]) == 0
    assert "Nothing was sent yet" in capsys.readouterr().err
    assert run(["webhooks", "remove", listed["webhook"], *at]) == 0
    assert run(["webhooks", "list", "--format", "json", *at]) == 0
    assert orjson.loads(capsys.readouterr().out) == []
    for command in ("remove", "deliveries"):
        assert run(["webhooks", command, "nobody", *at]) == 2
    assert run(["webhooks", "add", "ftp://other.example", *at]) == 2
    assert "must begin with https://" in capsys.readouterr().err
