"""Which addresses are public, how long is waited, and what a message and its signature are."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from app.violations.webhooks import Delivery, DeliveryState, Message, Webhook, headers, is_public, pause
from app.vocabulary.codes import Outcome, ViolationStatus

AT = datetime(2026, 3, 1, 0, 15, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 (nothing listens)
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("ff02::1", False),
        ("::127.0.0.1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b::5db8:d822", True),
        ("64:ff9b:1::a00:1", False),
        ("2002:7f00:1::", False),
        # A client behind 10.0.0.1, and one at a server of 127.0.0.1.
        ("2001:0:5db8:d822:0:0:f5ff:fffe", False),
        ("2001:0:7f00:1:0:0:a247:27dd", False),
    ],
)
def test_only_addresses_for_everybody_are_public(address: str, *, public: bool) -> None:
    assert is_public(address) is public


def test_pauses_double_and_end_at_an_hour() -> None:
    assert [pause(attempts).total_seconds() for attempts in (1, 2, 3, 10, 11, 500)] == [5, 10, 20, 2560, 3600, 3600]


def test_a_message_holds_where_the_violation_stands_and_nothing_of_anybody() -> None:
    stands = ViolationStatus.CONFIRMED, Outcome.CONFIRMED, False
    body = Message("v", 2, AT, "RUS", "RUS-STAY-001", "RUS-ZABAYKALSK", *stands).body
    assert orjson.loads(body) == {
        "type": "violation.changed",
        "timestamp": "2026-03-01T00:15:00.000005Z",
        "data": {
            "violation": "v",
            "change": 2,
            "status": "confirmed",
            "outcome": "confirmed",
            "needs_review": False,
            "rule": "RUS-STAY-001",
            "checkpoint": "RUS-ZABAYKALSK",
            "updated_at": "2026-03-01T00:15:00.000005Z",
        },
    }


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    """Of the specification of Standard Webhooks, as its libraries test themselves."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    hook = Webhook("w", "https://other.example", secret, (), (), AT, "me")
    delivery = Delivery("msg_p5jXN8AQM9LWM0D4loKWxJek", "w", "v", 0, body, AT, DeliveryState.WAITING, AT, 0)
    at = datetime.fromtimestamp(1614265330, UTC)
    assert headers(hook, delivery, at + timedelta(milliseconds=400)) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert secret not in repr(hook)
