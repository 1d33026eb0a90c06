"""Talks to the service as a checkpoint system and as an officer do: over HTTP."""

from collections import Counter
from collections.abc import Iterator, Sequence

import httpx2
import orjson
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.demo.people import Json
from app.cli.demo.service import Service
from app.cli.terminal import CannotRunError, err


def send(service: Service, events: Sequence[Json]) -> list[Json]:
    """POST every event and return the answers, with what was found so far shown on the way."""
    columns = (TextColumn("{task.description}"), BarColumn(None), MofNCompleteColumn(), TimeRemainingColumn())
    outcomes: Counter[str] = Counter()
    answers = []
    with Progress(*columns, console=err, transient=True) as progress, service.client(service.checkpoint_key) as client:
        task = progress.add_task("sending", total=len(events))
        for event in events:
            answer = _post(client, event)
            outcomes[answer["outcome"]] += 1
            answers.append(answer)
            progress.update(task, advance=1, description=f"{outcomes['violation']} with violations")
    return answers


def violations(client: httpx2.Client) -> list[Json]:
    """All violations, in the order of the events."""
    found = list(_pages(client, "/v1/violations?limit=500"))
    return sorted(found, key=lambda each: (each["id"], each["rule"], each["subject"]["kind"], each["subject"]["index"]))


def detail(client: httpx2.Client, violation: Json) -> Json:
    """One violation with its explanation and its law."""
    return _read(client.get(f"/v1/violations/{violation['violation']}"))


def _post(client: httpx2.Client, event: Json) -> Json:
    return _read(
        client.post("/v1/crossings", content=orjson.dumps(event), headers={"Content-Type": "application/json"})
    )


def _pages(client: httpx2.Client, address: str | None) -> Iterator[Json]:
    while address:
        page = _read(client.get(address))
        yield from page["items"]
        address = page["next"]


def _read(response: httpx2.Response) -> Json:
    if not response.is_success:
        raise CannotRunError(f"The service answered {response.status_code}: {response.text}")
    read: Json = orjson.loads(response.content)
    return read
