"""A post with a bad line: events are judged at once and kept, and the centre has each exactly once in the end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.clock import SystemClock
from app.evaluation.bundle import named, new_key, private_key
from app.identity import keys
from app.identity.roles import Role
from app.storage.engine import connect, transaction
from tests.faults.running import (
    EXPIRED,
    SECONDS,
    SOURCE,
    Proxy,
    Retired,
    Running,
    Senders,
    check,
    crossing,
    free_port,
    lots,
    running,
    until,
)


class Post(Running):
    """`gerege forward` to a centre; it is started and killed as that is."""

    def __init__(self, folder: Path, centre: Running, public: str, port: int | None = None) -> None:
        database = connect(centre.url)
        with transaction(database) as tx:
            _, key = keys.issue(tx, "a post", Role.POST, [SOURCE], SystemClock().now())
        database.dispose()
        super().__init__(f"sqlite:///{folder}/post.db", free_port(), key, 1, folder)
        self.key_file = folder / "post.key"
        self.key_file.write_text(key)
        self.options = ["--to", f"http://127.0.0.1:{port or centre.port}", "--spool", str(folder / "spool")]
        self.options += ["--key-file", str(self.key_file), "--rulebook-key", public]

    @property
    def command(self) -> list[str]:
        return ["forward", "--port", str(self.port), *self.options]

    def state(self) -> Any:  # noqa: ANN401 (JSON)
        status, _, body = self.ask("GET", "/v1/forwarding")
        assert status == 200
        return orjson.loads(body)

    def post(self, body: bytes) -> tuple[int, Any]:
        status, _, told = self.ask("POST", "/v1/crossings", body)
        return status, orjson.loads(told)


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Running]:
    new_key(tmp_path / "signing.pem")
    with running(f"sqlite:///{tmp_path}/centre.db", GEREGE_SIGNING_KEY=str(tmp_path / "signing.pem")) as service:
        yield service


@contextmanager
def posted(folder: Path, centre: Running, port: int | None = None) -> Iterator[Post]:
    """A post beside a centre, which it reaches by another port if one is given."""
    folder.mkdir()
    public = named(private_key(Path(centre.settings["GEREGE_SIGNING_KEY"])).public_key())
    post = Post(folder, centre, public, port)
    try:
        post.start()
        yield post
    finally:
        post.kill()


def test_events_of_a_cut_line_are_judged_at_once_and_sent_on_when_it_is_back(tmp_path: Path, centre: Running) -> None:
    with posted(tmp_path / "post", centre) as post:
        centre.kill()
        # Also after a new start without a line.
        post.kill()
        post.start()
        status, told = post.post(crossing("E000001", **EXPIRED))
        assert (status, told["provisional"], told["outcome"]) == (201, True, "violation")
        senders = Senders(post.port, post.key, lots(4, 10, "L")).start()
        senders.finish()
        until(lambda: post.state()["fault"] is not None, "the cut line is not told")
        state = post.state()
        assert (state["waiting"], state["lag_seconds"] > 0) == (41, True)
        centre.start()
        until(lambda: post.state()["waiting"] == 0, "the outbox was not emptied")
        assert post.state()["fault"] is None
        status, final = post.post(crossing("E000001", **EXPIRED))
        assert (status, "provisional" in final, final["outcome"]) == (200, False, "violation")
        at_centre = orjson.loads(centre.ask("POST", "/v1/crossings", crossing("E000001", **EXPIRED))[2])
        assert final == at_centre
        assert post.state()["differences"] == []
    again = Senders(centre.port, centre.key, [[crossing("E000001", **EXPIRED)], *senders.lots]).start()
    again.finish()
    check(centre.url, again)


def test_a_post_killed_amid_load_loses_nothing_on_a_line_that_breaks(tmp_path: Path, centre: Running) -> None:
    proxy = Proxy(centre.port)
    with posted(tmp_path / "post", centre, proxy.port) as post:
        senders = Senders(post.port, post.key, lots(4, 15)).start()
        for wanted in (15, 40):
            until(lambda wanted=wanted: senders.count >= wanted, "the senders got no further")  # type: ignore[misc]
            post.kill()
            post.start()
        senders.finish()
        until(lambda: post.state()["waiting"] == 0, "the outbox was not emptied")
        state = post.state()
        assert (state["refused"], state["set_aside"], state["differences"]) == (0, 0, [])
    proxy.close()
    again = Senders(centre.port, centre.key, senders.lots).start()
    again.finish()
    check(centre.url, again)


def test_what_the_centre_says_otherwise_comes_back_and_its_rulebook_is_taken_over(
    tmp_path: Path, centre: Running
) -> None:
    assert centre.ask("POST", "/v1/crossings", crossing("E000001"))[0] == 201
    with posted(tmp_path / "post", centre) as post:
        assert post.state()["rulebook"] == {"revision": 1, "refused": None, "fault": None}
        assert post.post(crossing("E000001", direction="exit"))[0] == 201
        until(lambda: post.state()["waiting"] == 0, "the outbox was not emptied")
        (difference,) = post.state()["differences"]
        assert (difference["source"], difference["id"], difference["status"]) == (SOURCE, "E000001", 409)
        assert "another body" in difference["centre"]["detail"]
        # Whoever sends it again learns that it is not on record.
        status, told = post.post(crossing("E000001", direction="exit"))
        assert (status, "another body" in told["detail"]) == (409, True)
        # The post still judges by the old rules when the centre has others.
        centre.kill()
        assert post.post(crossing("E000002", **EXPIRED))[1]["outcome"] == "violation"
        Retired(tmp_path / "retired").activate(centre.url)
        centre.start()
        until(lambda: post.state()["waiting"] == 0, "the outbox was not emptied")
        differing = {each["id"]: each for each in post.state()["differences"]}
        assert (differing["E000002"]["status"], differing["E000002"]["centre"]["outcome"]) == (201, "compliant")
        assert post.state()["refused"] == 1
        _, told = post.post(crossing("E000002", **EXPIRED))
        assert ("provisional" in told, told["outcome"]) == (False, "compliant")
        until(lambda: post.state()["rulebook"]["revision"] == 2, "the centre's rulebook was not taken over")
        until(lambda: _digest(post) == _digest(centre), "the post judges by another rulebook")
        _, told = post.post(crossing("E000003", **EXPIRED))
        assert (told["provisional"], told["outcome"]) == (True, "compliant")
        # The post waits for another rulebook still; the centre must not wait for it.
        time.sleep(1.5)
        assert centre.process
        began = time.monotonic()
        centre.process.terminate()
        centre.process.wait(SECONDS)
        assert time.monotonic() - began < 6


def _digest(service: Running) -> str:
    found: str = orjson.loads(service.ask("GET", "/readyz")[2])["rulebook"]["digest"]
    return found


def test_a_rulebook_that_somebody_changed_at_a_post_is_not_used(tmp_path: Path, centre: Running) -> None:
    with posted(tmp_path / "post", centre) as post:
        file = tmp_path / "post" / "spool" / "rulebook.json"
        kept = file.read_bytes()
        post.kill()
        changed = kept.replace(b'"sig":"', b'"sig":"AAAA')
        file.write_bytes(changed)
        post.start()
        assert file.read_bytes() == kept, "the centre's own was not fetched"
        post.kill()
        centre.kill()
        file.write_bytes(changed)
        post.start_without_waiting()
        assert post.process
        assert post.process.wait(SECONDS) == 3


def test_a_post_takes_no_corrections_which_it_could_not_send_on(tmp_path: Path, centre: Running) -> None:
    with posted(tmp_path / "post", centre) as post:
        _, told = post.post(crossing("E000001"))
        body = orjson.dumps({"reason": "misread", "event": orjson.loads(crossing("E000001", direction="exit"))})
        assert post.ask("POST", f"/v1/crossings/{told['crossing']}/corrections", body)[0] == 404
