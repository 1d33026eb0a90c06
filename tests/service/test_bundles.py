"""Rulebooks as signed files: what a post accepts, and how the centre gives them."""

import base64
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from app.errors import Invalid
from app.evaluation.bundle import MEDIA_TYPE, Bundle, named, new_key, opened, private_key, public_key, sign
from app.evaluation.reload import compile_sources, put_in_force
from app.forwarding.rulebook import accepted
from app.identity.roles import Role
from app.language.load import read_sources
from app.storage.rulebooks import Activation
from app.web import rulebooks as waiting
from tests.service.serving import RULES, Service, serving

PATH = "/v1/rulebooks/active"
KEY = Ed25519PrivateKey.generate()
OTHER = Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    files = read_sources(RULES)
    found = compile_sources(files)[0]
    assert found
    return Bundle(7, found.rulebook.digest, datetime(2026, 11, 23, tzinfo=UTC), found.rulebook.sources)


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Service]:
    new_key(tmp_path / "signing.pem")
    with serving(database_url, signing_key=tmp_path / "signing.pem") as running:
        yield running


def test_what_was_signed_is_opened_as_it_was(bundle: Bundle) -> None:
    assert opened(sign(bundle, KEY), KEY.public_key()) == bundle
    assert accepted(sign(bundle, KEY), KEY.public_key(), None)[0] == bundle


def test_another_key_opens_nothing(bundle: Bundle) -> None:
    with pytest.raises(Invalid, match="not signed"):
        opened(sign(bundle, OTHER), KEY.public_key())


@given(data=st.data())
def test_no_byte_of_an_envelope_can_be_changed(bundle: Bundle, data: st.DataObject) -> None:
    small = replace(bundle, files={"a.yaml": "a"})
    envelope = orjson.loads(sign(small, KEY))
    payload = bytearray(base64.b64decode(envelope["payload"]))
    place = data.draw(st.integers(0, len(payload) - 1))
    payload[place] ^= data.draw(st.integers(1, 255))
    changed = orjson.dumps(envelope | {"payload": base64.b64encode(payload).decode()})
    with pytest.raises(Invalid):
        opened(changed, KEY.public_key())


@given(
    junk=st.binary(max_size=40)
    | st.recursive(
        st.none() | st.text(max_size=5),
        lambda inner: (
            st.dictionaries(st.sampled_from(("payload", "payloadType", "signatures", "sig")), inner) | st.lists(inner)
        ),
    ).map(orjson.dumps)
)
def test_what_is_no_envelope_is_refused_in_words(junk: bytes) -> None:
    with pytest.raises(Invalid):
        opened(junk, KEY.public_key())


def test_a_signature_of_another_type_of_content_is_none_of_a_rulebook(bundle: Bundle) -> None:
    envelope = orjson.loads(sign(bundle, KEY))
    payload = base64.b64decode(envelope["payload"])
    naked = base64.b64encode(KEY.sign(payload)).decode()
    with pytest.raises(Invalid, match="not signed"):
        opened(orjson.dumps(envelope | {"signatures": [{"keyid": "", "sig": naked}]}), KEY.public_key())


def test_an_older_revision_is_refused_and_the_same_or_a_newer_one_is_not(bundle: Bundle) -> None:
    for revision, is_refused in ((6, True), (7, False), (8, False)):
        envelope = sign(replace(bundle, revision=revision), KEY)
        if is_refused:
            with pytest.raises(Invalid, match="older"):
                accepted(envelope, KEY.public_key(), bundle)
        else:
            assert accepted(envelope, KEY.public_key(), bundle)[0].revision == revision


def test_another_rulebook_of_the_same_revision_is_refused_and_so_is_a_revision_that_is_no_number(
    bundle: Bundle,
) -> None:
    with pytest.raises(Invalid, match="another"):
        accepted(sign(bundle, KEY), KEY.public_key(), replace(bundle, digest="sha256:0"))
    envelope = orjson.loads(sign(bundle, KEY))
    for revision in ("8", None, 1e9, True):
        told = orjson.loads(base64.b64decode(envelope["payload"])) | {"revision": revision}
        payload = orjson.dumps(told)
        signature = KEY.sign(b"DSSEv1 %d %s %d %s" % (len(MEDIA_TYPE), MEDIA_TYPE.encode(), len(payload), payload))
        made = {"payload": base64.b64encode(payload).decode(), "payloadType": MEDIA_TYPE}
        signatures = [{"keyid": "", "sig": base64.b64encode(signature).decode()}]
        with pytest.raises(Invalid, match="no signed rulebook"):
            opened(orjson.dumps(made | {"signatures": signatures}), KEY.public_key())


def test_a_rulebook_that_is_not_the_one_it_says_or_does_not_compile_is_refused(bundle: Bundle) -> None:
    for wrong in (replace(bundle, digest="sha256:0"), replace(bundle, files={"rule.yaml": "id: ["})):
        with pytest.raises(Invalid, match="compile"):
            accepted(sign(wrong, KEY), KEY.public_key(), None)


def test_a_public_key_is_read_as_it_is_named_and_nothing_else_is() -> None:
    assert named(public_key(named(KEY.public_key()))) == named(KEY.public_key())
    for text in ("", "ed25519:", "ed25519:AAAA", named(KEY.public_key())[8:], "ed25519:ü"):
        with pytest.raises(ValueError, match="key"):
            public_key(text)


def test_a_key_is_its_owners_alone_and_replaces_none(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    assert new_key(file) == named(private_key(file).public_key())
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        new_key(file)
    file.write_text("no key")
    with pytest.raises(Invalid, match="gerege keys signing"):
        private_key(file)


def test_a_post_is_given_what_is_in_force_and_whoever_may_not_is_not(service: Service, tmp_path: Path) -> None:
    given = service.get(PATH, Role.POST)
    assert (given.status_code, given.headers["content-type"]) == (200, MEDIA_TYPE)
    key = private_key(tmp_path / "signing.pem").public_key()
    found, in_force = accepted(given.content, key, None)
    ready = service.get("/readyz").json()["rulebook"]
    assert (found.revision, found.digest) == (1, ready["digest"])
    assert len(in_force.rulebook.rules) == ready["rules"]
    assert service.get(PATH, Role.CHECKPOINT).status_code == 403
    assert service.get(PATH, None).status_code == 401


def test_it_is_given_again_only_if_it_has_changed_and_then_at_once(service: Service, tmp_path: Path) -> None:
    tag = service.get(PATH, Role.POST).headers["etag"]

    def again(**more: str) -> tuple[int, float]:
        began = time.monotonic()
        headers = service.header(Role.POST) | {"If-None-Match": tag} | more
        return service.client.get(PATH, headers=headers).status_code, time.monotonic() - began

    assert again()[0] == 304
    assert again(Prefer="wait=1")[0] == 304
    rules = copytree(RULES, tmp_path / "rules")
    rule = rules / "RUS/documents/RUS-TDOC-001.yaml"
    rule.write_text(rule.read_text().replace("status: active", "status: retired"))
    later = threading.Timer(0.3, put_in_force, (service.services.database, rules, service.clock.now(), "tests"))
    later.start()
    status, waited = again(Prefer="wait=60")
    later.join()
    assert (status, waited < 30) == (200, True)
    assert service.get(PATH, Role.POST).headers["etag"].startswith('"2-')


def test_it_is_signed_with_the_key_that_lies_there_now(service: Service, tmp_path: Path) -> None:
    assert service.get(PATH, Role.POST).status_code == 200
    (tmp_path / "signing.pem").unlink()
    new_key(tmp_path / "signing.pem")
    key = private_key(tmp_path / "signing.pem").public_key()
    assert opened(service.get(PATH, Role.POST).content, key).revision == 1


def test_all_who_wait_share_one_look_and_are_sent_home_when_the_service_ends(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Engine] = []
    look = waiting.newest

    def counting(database: Engine) -> Activation:
        looks.append(database)
        return look(database)

    monkeypatch.setattr(waiting, "newest", counting)
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.05)
    headers = service.header(Role.POST) | {"Prefer": "wait=60"}
    headers["If-None-Match"] = service.get(PATH, Role.POST).headers["etag"]
    with ThreadPoolExecutor(8) as pool:
        polls = [pool.submit(service.client.get, PATH, headers=headers) for _ in range(8)]
        began = time.monotonic()
        while len(looks) < 5:
            assert time.monotonic() - began < 30
            time.sleep(0.01)
        time.sleep(0.3)
        count, lasted = len(looks), time.monotonic() - began
        service.services.rulebooks.end()
        assert [each.result().status_code for each in polls] == [304] * 8
    assert count <= 1 + lasted / 0.05
    assert time.monotonic() - began < 30


def test_a_centre_without_a_key_says_what_to_do(database_url: str) -> None:
    with serving(database_url) as service:
        refused = service.get(PATH, Role.POST)
    assert (refused.status_code, "gerege keys signing" in refused.json()["detail"]) == (404, True)
