"""Keys made on the command line open a running service, and no longer when revoked."""

import shutil
import time
from pathlib import Path

import httpx2
import orjson
import pytest

from tests.cli.conftest import Gerege
from tests.cli.test_startup import serving
from tests.factories import event
from tests.service.serving import RULES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a copy of the tests' rules, which is where the settings look for them."""
    shutil.copytree(RULES, tmp_path / "rules")
    return tmp_path


def test_a_key_made_while_the_service_runs_sends_crossings_of_its_source_only(gerege: Gerege, folder: Path) -> None:
    with serving(folder) as (_, _, address):
        key = gerege("keys", "create", "lane", "--role", "checkpoint", "--source", "rus-zabaykalsk-*").out.strip()
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        with httpx2.Client(base_url=address, headers=headers, trust_env=False) as client:
            answers = [
                client.post("/v1/crossings", content=orjson.dumps(event(source=source))).status_code
                for source in ("rus-zabaykalsk-lane-3", "rus-kyakhta-lane-1")
            ]
        assert answers == [201, 403]


def test_a_revoked_key_is_refused_within_seconds(gerege: Gerege, folder: Path) -> None:
    with serving(folder) as (_, _, address):
        made = gerege("keys", "create", "o", "--role", "officer", "--format", "json").json
        headers = {"Authorization": f"Bearer {made['key']}"}
        with httpx2.Client(base_url=address, headers=headers, trust_env=False) as client:
            assert client.get("/v1/rules").status_code == 200
            assert gerege("keys", "revoke", made["id"]).code == 0
            deadline = time.monotonic() + 10
            while client.get("/v1/rules").status_code == 200:
                assert time.monotonic() < deadline
                time.sleep(0.2)
            assert client.get("/v1/rules").status_code == 401
