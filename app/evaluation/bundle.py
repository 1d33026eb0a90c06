"""A rulebook as a signed file for posts: an envelope of DSSE (Dead Simple Signing Envelope) with an Ed25519 signature.

What is signed names its type and its length, so that nothing else signed by the same key can be taken for a rulebook.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from app.errors import Invalid

MEDIA_TYPE: Final = "application/vnd.gerege.rulebook+json"
_PREFIX: Final = "ed25519:"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A rulebook's files, with the number of its activation at the centre: a higher one replaces a lower one."""

    revision: int
    digest: str
    activated_at: datetime
    files: Mapping[str, str]

    def __post_init__(self) -> None:
        if type(self.revision) is not int:
            raise TypeError("the revision is not a whole number")


def sign(bundle: Bundle, key: Ed25519PrivateKey) -> bytes:
    """The envelope."""
    payload = orjson.dumps(asdict(bundle))
    signature = key.sign(_signed(payload))
    return orjson.dumps(
        {
            "payloadType": MEDIA_TYPE,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": named(key.public_key()), "sig": base64.b64encode(signature).decode()}],
        }
    )


def opened(envelope: bytes, key: Ed25519PublicKey) -> Bundle:
    """What is in an envelope; raises Invalid if it is none, or not signed with the key."""
    try:
        document = orjson.loads(envelope)
        payload = base64.b64decode(document["payload"], validate=True)
        signatures = [base64.b64decode(each["sig"], validate=True) for each in document["signatures"]]
        if document["payloadType"] != MEDIA_TYPE or not any(_is_by(key, payload, each) for each in signatures):
            raise Invalid("The rulebook is not signed with the key of the centre.")
        told: dict[str, Any] = orjson.loads(payload)
        return Bundle(**told | {"activated_at": datetime.fromisoformat(told["activated_at"])})
    except (orjson.JSONDecodeError, binascii.Error, KeyError, TypeError, ValueError) as error:
        raise Invalid("What came is no signed rulebook.") from error


def new_key(path: Path) -> str:
    """Make a key in a file that is the owner's alone, and give the public one; raises FileExistsError."""
    key = Ed25519PrivateKey.generate()
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    return named(key.public_key())


def private_key(path: Path) -> Ed25519PrivateKey:
    """Raises Invalid if there is no such key in the file."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise Invalid(f"{path} has no signing key: {error}. `gerege keys signing` makes one.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Invalid(f"The key in {path} is not of Ed25519. `gerege keys signing` makes one.")
    return key


def public_key(text: str) -> Ed25519PublicKey:
    """From `ed25519:…`; raises ValueError."""
    if not text.startswith(_PREFIX):
        raise ValueError(f"is not a key that begins with {_PREFIX}")
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.removeprefix(_PREFIX), validate=True))
    except (binascii.Error, ValueError) as error:
        raise ValueError("is not a whole key of Ed25519") from error


def named(key: Ed25519PublicKey) -> str:
    """The key as text, as `public_key` reads it."""
    return _PREFIX + base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _is_by(key: Ed25519PublicKey, payload: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, _signed(payload))
    except InvalidSignature:
        return False
    return True


def _signed(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding."""
    return b"DSSEv1 %d %s %d %s" % (len(MEDIA_TYPE), MEDIA_TYPE.encode(), len(payload), payload)
