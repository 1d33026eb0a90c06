"""Counters and gauges for `/metrics`, in a registry of their own so that two applications can live in one process."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from app.evaluation.batch import Stored
from app.evaluation.decision import Decision


class Metrics:
    """What the service counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = self._counter("gerege_requests_total", "Requests by route and status", "route", "status")
        self.crossings = self._counter("gerege_crossings_total", "Crossings stored by outcome", "outcome")
        self.replays = self._counter("gerege_replays_total", "Events that came again and were answered as before")
        self.findings = self._counter("gerege_findings_total", "Findings of active rules", "rule", "verdict")
        self.differences = self._counter(
            "gerege_backend_differences_total", "Verdicts a backend would have missed or invented", "backend"
        )
        self.seconds = Histogram(
            "gerege_ingest_seconds", "From a read body to a committed answer", registry=self.registry
        )

    def watch(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Publish a gauge that is read when asked for."""
        Gauge(name, text, registry=self.registry).set_function(read)

    def stored(self, stored: Stored) -> None:
        """Count an ingested event."""
        if stored.decision is None:
            self.replays.inc()
        else:
            self._decided(stored.decision)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)

    def _decided(self, decision: Decision) -> None:
        self.crossings.labels(decision.outcome).inc()
        for found in decision.findings:
            self.findings.labels(found.rule.id, found.verdict.value).inc()
        for difference in decision.differences:
            self.differences.labels(difference.backend).inc()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)
