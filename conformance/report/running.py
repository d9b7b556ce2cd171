"""How an operation runs: natively or handed to a thread, by version, and what holds of it besides its result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.report.aggregate import EntryResult, Report, Row
from conformance.report.columns import ReportColumn
from conformance.report.evidence import places

_THREADS = {
    "event loop": "the event loop's own",
    "sensitive": "asgiref's for thread-sensitive code",
    "executor": "asgiref's for thread-sensitive code",
    "caller": "the caller's",
    "other": "another",
}
# What holds for every operation, told once: the judge that looks, what it says where it holds, and where it does not.
_PROPERTIES = (
    ("threads", "Context variables", "seen there, and changes come back", "lost"),
    ("loop", "Event loop", "goes on", "blocked"),
    ("leftovers", "Leaves behind", "nothing", "something"),
)
HEADINGS = ("Runs", "Thread", "Hand-overs", "Statements", "When cancelled", *(name for _, name, _, _ in _PROPERTIES))


@dataclass(frozen=True)
class Running:
    """One way in which it runs, and where: a value for each of `HEADINGS`."""

    django: str
    where: str
    values: tuple[str, ...]


def running(report: Report, row: Row) -> tuple[Running, ...]:
    """One row a Django release, more where databases differ; none for an entry that no judge looked at."""
    by_release: dict[str, list[EntryResult]] = {}
    for result in row.results:
        if _evidence(result):
            by_release.setdefault(result.column.environment.django, []).append(result)
    ordered = sorted(by_release, key=lambda name: by_release[name][0].column.environment.version_key)
    return tuple(item for name in ordered for item in _release(report, name, by_release[name]))


def _release(report: Report, name: str, results: list[EntryResult]) -> Iterator[Running]:
    ways: dict[tuple[str, ...], list[ReportColumn]] = {}
    for result in results:
        ways.setdefault(_values(result), []).append(result.column)
    for values, columns in ways.items():
        yield Running(name, places(report, tuple(columns)) if len(ways) > 1 else "", values)


def _evidence(result: EntryResult) -> dict[str, Any]:
    for name, check in result.checks:
        if name in ("result", "exception") and check is not None and check.measured is not None:
            return check.measured.evidence if check.measured.examples else {}
    return {}


def _values(result: EntryResult) -> tuple[str, ...]:
    evidence = _evidence(result)
    verdicts = {name: check.verdict.name for name, check in result.checks if check is not None}
    hops = int(evidence.get("hops", 0))
    return (
        _how(evidence, hops),
        ", ".join(dict.fromkeys(_THREADS.get(name, name) for name in evidence.get("threads", ()))) or "none needed",
        f"at most {hops}" if hops > 1 else str(hops),
        _statements(result, evidence),
        _cancelled(evidence, verdicts),
        *(_property(verdicts, judge, good, bad) for judge, _, good, bad in _PROPERTIES),
    )


def _how(evidence: dict[str, Any], hops: int) -> str:
    if hops:
        return "handed over to a thread"
    return "natively, on the loop's thread" if "event loop" in evidence.get("threads", ()) else "natively"


def _statements(result: EntryResult, evidence: dict[str, Any]) -> str:
    """Those of the example that is shown; without one, what all examples sent."""
    shown = next((check.measured.shown for _, check in result.checks if check and check.measured), None)
    if shown is not None and shown.sql:
        return str(len(shown.sql[-1]))
    sent = evidence.get("statements", 0)
    return f"{sent} in all examples" if sent else "0"


def _cancelled(evidence: dict[str, Any], verdicts: dict[str, str]) -> str:
    verdict = verdicts.get("cancelled", "")
    if not evidence.get("cancellations") or verdict in ("", "n/a", "blocked", "unknown", "absent", "loud"):
        return "not tried"
    if verdict != "pass":
        return "a part of its work, or no word of it"
    if "finished_after_cancel" not in evidence:
        return "all or nothing"
    return "all or nothing; it may still take effect" if evidence["finished_after_cancel"] else "all or nothing"


def _property(verdicts: dict[str, str], judge: str, good: str, bad: str) -> str:
    verdict = verdicts.get(judge, "")
    return good if verdict == "pass" else bad if verdict in ("silent", "fail", "flaky") else "not looked at"
