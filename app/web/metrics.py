"""Counters and gauges for `/metrics`, in registries of their own so that two applications can live in one process.

Several workers count in files of one folder, which PROMETHEUS_MULTIPROC_DIR names before the library is loaded; each
of them tells the sums. Gauges are read by the worker that is asked.
"""

import os
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from app.evaluation.batch import Stored
from app.evaluation.decision import Decision


class Metrics:
    """What the service counts."""

    def __init__(self) -> None:
        self._counted, self._watched = CollectorRegistry(), CollectorRegistry()
        self.requests = self._counter("gerege_requests_total", "Requests by route and status", "route", "status")
        self.crossings = self._counter("gerege_crossings_total", "Crossings stored by outcome", "outcome")
        self.replays = self._counter("gerege_replays_total", "Events that came again and were answered as before")
        self.findings = self._counter("gerege_findings_total", "Findings of active rules", "rule", "verdict")
        self.differences = self._counter(
            "gerege_backend_differences_total", "Verdicts a backend would have missed or invented", "backend"
        )
        self.seconds = Histogram(
            "gerege_ingest_seconds", "From a read body to a committed answer", registry=self._counted
        )

    def watch(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Publish a gauge that is read when asked for."""
        Gauge(name, text, registry=self._watched).set_function(read)

    def stored(self, stored: Stored) -> None:
        """Count an ingested event."""
        if stored.decision is None:
            self.replays.inc()
        else:
            self._decided(stored.decision)

    def text(self) -> bytes:
        """The exposition format."""
        counted = self._counted
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            counted = CollectorRegistry()
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
        return generate_latest(counted) + generate_latest(self._watched)

    def _decided(self, decision: Decision) -> None:
        self.crossings.labels(decision.outcome).inc()
        for found in decision.findings:
            self.findings.labels(found.rule.id, found.verdict.value).inc()
        for difference in decision.differences:
            self.differences.labels(difference.backend).inc()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self._counted)
