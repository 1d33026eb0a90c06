"""Memory of a real `gerege serve` while events come over HTTP: batches of 500, and single requests beside them.

They are of 100,000 persons, who come and go by turns, of 2,000 carriers and 100,000 containers, ten seconds apart, on
SQLite. What is looked at is the resident memory of the one process that serves.
"""

import asyncio
import os
import random
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import orjson
from stdnum import iso6346

from bench.driver import LINES, post
from bench.event import crossing
from bench.rete_memory import Run
from bench.server import gerege, prepared

WARM_UP: Final = 50_000
_PERSONS, _CONTAINERS, _SINGLE = 100_000, 100_000, 25
_AT_A_TIME = LINES + _SINGLE
_APART = timedelta(seconds=10)


def run(events: int) -> Run:
    """Memory after the first 50,000 events and at the end, in kB; raises if an event is not taken."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/soak.db"
        key = prepared(url)
        with gerege(url) as server:
            return asyncio.run(_run(events, server.port, server.pid, key))


async def _run(events: int, port: int, pid: int, key: str) -> Run:
    coming, began = _Coming(), time.perf_counter()
    sent, warm, told = 0, 0, 0
    while sent < events:
        batch = [coming.event() for _ in range(LINES)]
        single = [coming.event() for _ in range(_SINGLE)]
        await asyncio.gather(
            post(port, "/v1/crossings/batch", key, [b"\n".join(map(orjson.dumps, batch))]),
            post(port, "/v1/crossings", key, list(map(orjson.dumps, single))),
        )
        sent += _AT_A_TIME
        if sent >= WARM_UP and not warm:
            warm = _resident(pid)
        if sent >= told:
            told += WARM_UP
            rate = sent / (time.perf_counter() - began)
            print(f"{sent:,} events, {_resident(pid):,} kB, {rate:,.0f} events/s", flush=True)
    return Run(sent, warm or _resident(pid), _resident(pid), wrong=0)


class _Coming:
    """Persons as they come: whoever entered leaves next."""

    def __init__(self) -> None:
        self._chance = random.Random(20261123)
        self._number = 0
        self._are_inside = bytearray(_PERSONS)

    def event(self) -> dict[str, Any]:
        self._number += 1
        person = self._chance.randrange(_PERSONS)
        direction = ("entry", "exit")[self._are_inside[person]]
        self._are_inside[person] ^= 1
        made = crossing(self._number, f"{person:06}", self._number * _APART)
        vehicle = {"plate": f"A{person:06}", "containers": [_container(self._chance.randrange(_CONTAINERS))]}
        return made | {
            "vehicle": made["vehicle"] | vehicle,
            "id": f"soak-{self._number}",
            "direction": direction,
        }


def _container(number: int) -> str:
    unchecked = f"MSKU{number:06}"
    return unchecked + iso6346.calc_check_digit(unchecked)


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024
