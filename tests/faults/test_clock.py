"""A clock that is set back while events come in: what was acknowledged stays, and the newest decision counts."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.factories import event
from tests.faults.running import SOURCE, Senders, check, lots
from tests.service.serving import EXPIRED, Service, serving

BACK = (timedelta(hours=-1), timedelta(minutes=30), timedelta(days=-40), timedelta(days=41))


def test_events_that_come_while_the_clock_jumps_are_stored_once_each(database_url: str) -> None:
    sent = lots(4, 12)
    senders = Senders(0, "", sent)
    with serving(database_url) as service, ThreadPoolExecutor(len(sent)) as pool:
        for first in range(0, 12, 3):
            answers = [pool.submit(_send, service, lot[first : first + 4]) for lot in sent]
            service.clock.move(BACK[first // 3])
            for each in answers:
                for name, crossing in each.result():
                    senders.acknowledged.setdefault(name, set()).add(crossing)
        assert service.get("/readyz").status_code == 200
    check(database_url, senders)


def _send(service: Service, bodies: list[bytes]) -> list[tuple[str, str]]:
    answers = [service.post(body).json() for body in bodies]
    return [(each["id"], each["crossing"]) for each in answers]


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=40)])
def test_a_correction_counts_though_the_clock_was_set_back_before_it(database_url: str, back: timedelta) -> None:
    with serving(database_url) as service:
        wrong = service.post(event(source=SOURCE, persons__0__document__expires_on=EXPIRED)).json()
        assert wrong["outcome"] == "violation"
        service.clock.move(-back)
        path = f"/v1/crossings/{wrong['crossing']}/corrections"
        corrected = service.post({"event": event(source=SOURCE), "reason": "misread"}, path=path)
        assert corrected.status_code in {200, 201}
        told = service.get(f"/v1/crossings/{wrong['crossing']}").json()
        assert told["revision"] == 2
        assert [each["outcome"] for each in told["decisions"]] == ["compliant", "violation"]
        (violation,) = (each["violation"] for each in wrong["findings"])
        assert service.get(f"/v1/violations/{violation}").json()["status"] == "superseded"
