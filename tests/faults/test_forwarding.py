"""A post with a bad line: events are judged at once and kept, and the centre has each exactly once in the end."""

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
from tests.faults.running import SECONDS, SOURCE, Running, Senders, check, crossing, free_port, lots, running, until

EXPIRED = {"persons__0__document__expires_on": "2026-02-01"}


class Post(Running):
    """`gerege forward` to a centre; it is started and killed as that is."""

    def __init__(self, folder: Path, centre: Running, public: str) -> None:
        database = connect(centre.url)
        with transaction(database) as tx:
            _, key = keys.issue(tx, "a post", Role.POST, [SOURCE], SystemClock().now())
        database.dispose()
        super().__init__(f"sqlite:///{folder}/post.db", free_port(), key, 1, folder)
        self.key_file = folder / "post.key"
        self.key_file.write_text(key)
        self.options = ["--to", f"http://127.0.0.1:{centre.port}", "--spool", str(folder / "spool")]
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
def posted(folder: Path, centre: Running) -> Iterator[Post]:
    folder.mkdir()
    post = Post(folder, centre, named(private_key(Path(centre.settings["GEREGE_SIGNING_KEY"])).public_key()))
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


def test_a_post_killed_amid_load_loses_nothing(tmp_path: Path, centre: Running) -> None:
    with posted(tmp_path / "post", centre) as post:
        senders = Senders(post.port, post.key, lots(4, 40)).start()
        for wanted in (30, 90):
            until(lambda wanted=wanted: senders.count >= wanted, "the senders got no further")  # type: ignore[misc]
            post.kill()
            post.start()
        senders.finish()
        until(lambda: post.state()["waiting"] == 0, "the outbox was not emptied")
    again = Senders(centre.port, centre.key, senders.lots).start()
    again.finish()
    check(centre.url, again)


def test_what_the_centre_says_otherwise_comes_back_to_the_post(tmp_path: Path, centre: Running) -> None:
    assert centre.ask("POST", "/v1/crossings", crossing("E000001"))[0] == 201
    with posted(tmp_path / "post", centre) as post:
        assert post.post(crossing("E000001", direction="exit"))[0] == 201
        until(lambda: post.state()["waiting"] == 0, "the outbox was not emptied")
        (difference,) = post.state()["differences"]
        assert (difference["source"], difference["id"], difference["status"]) == (SOURCE, "E000001", 409)
        assert "another body" in difference["centre"]["detail"]


def test_a_post_takes_over_the_rulebook_of_the_centre_and_no_other(tmp_path: Path, centre: Running) -> None:
    with posted(tmp_path / "post", centre) as post:
        before = post.state()["rulebook"]
        assert (before["revision"], before["refused"]) == (1, None)
        file = tmp_path / "post" / "spool" / "rulebook.json"
        kept = file.read_bytes()
        post.kill()
        file.write_bytes(kept.replace(b'"sig":"', b'"sig":"AAAA'))
        assert post.process
        post.start_without_waiting()
        assert post.process.wait(SECONDS) == 3
        file.write_bytes(kept)
        post.start()
        assert post.post(crossing("E000001", **EXPIRED))[1]["outcome"] == "violation"


def test_a_post_takes_no_corrections_which_it_could_not_send_on(tmp_path: Path, centre: Running) -> None:
    with posted(tmp_path / "post", centre) as post:
        _, told = post.post(crossing("E000001"))
        body = orjson.dumps({"reason": "misread", "event": orjson.loads(crossing("E000001", direction="exit"))})
        assert post.ask("POST", f"/v1/crossings/{told['crossing']}/corrections", body)[0] == 404
