"""What to use instead: named only where what was measured of it, in that very environment, is right."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from conformance.catalogue.words import BAD
from conformance.report.aggregate import EntryResult, Report, Row
from conformance.report.columns import CheckResult, ReportColumn
from conformance.report.legend import wants_alternative

# The synchronous operation, from a coroutine or by itself: what the asynchronous one is compared with.
_TWIN = re.compile(r"await sync_to_async\(|Client\(\)|RequestFactory$|WSGI$|a sync(hronous)? view$")
_OPERATION = re.compile(r"await (\w+\.a\w+)\(")
_ITSELF = "this is the safe form"
_NONE = "none: "
_OTHERWISE = " where both are wrong"
_RIGHT_WORDS = frozenset({"safe", "finishes after cancel"})
_NO_ANSWER = frozenset({"", "absent", "n/a", "not measured", "unknown", "blocked", "vacuous"})


@dataclass(frozen=True)
class Advice:
    """What the catalogue names, and how that fares in the environments in question.

    `right` are those where it can be used, `wrong` those where it goes wrong too, `unmeasured` those that did not
    measure it. `fails` says whether it was wrong anywhere, in these environments or in others.
    """

    text: str
    right: tuple[ReportColumn, ...] = ()
    wrong: tuple[ReportColumn, ...] = ()
    unmeasured: tuple[ReportColumn, ...] = ()
    fails: bool = False

    @property
    def is_usable(self) -> bool:
        """Whether a reader may be told to use it: it was right in one of them, or at least wrong nowhere."""
        return bool(self.right) or not self.fails

    @property
    def is_remark(self) -> bool:
        """Whether it names nothing to use, and says only what the thing itself is for."""
        return self.text.startswith(("for ", "needed ", "nothing "))

    @property
    def is_none(self) -> bool:
        """Whether the catalogue says that there is no alternative, and why."""
        return self.text.startswith(_NONE)

    @property
    def said(self) -> str:
        """The text without the word that says that there is none, and without what is for other cases."""
        return self.text.removeprefix(_NONE).removesuffix(f"; {self.otherwise}{_OTHERWISE}")

    @property
    def otherwise(self) -> str:
        """What the catalogue names where the synchronous operation is wrong too; mostly empty."""
        last = self.text.rpartition("; ")[2]
        return last.removesuffix(_OTHERWISE) if last.endswith(_OTHERWISE) else ""


def advice_for(report: Report, row: Row, columns: Collection[ReportColumn] | None = None) -> Advice | None:
    """The advice for some environments, by default for those in which the entry is bad; None where none is needed."""
    wanted = None if columns is None else {column.id for column in columns}
    results = [result for result in row.results if _is_asked(result, wanted)]
    text = row.entry.safe_alternative
    if not results or not text:
        return None
    found: dict[str, list[ReportColumn]] = {"right": [], "wrong": [], "unmeasured": []}
    named = _measured_by(report, row)
    for result in results:
        found[_fares(result, named)].append(result.column)
    if named is row and not found["right"] and not found["wrong"]:
        return None  # it is itself what should be used, and could not be
    fails = any(_fares(result, named) == "wrong" for result in row.results)
    return Advice(text, **{name: tuple(each) for name, each in found.items()}, fails=fails)


def _is_asked(result: EntryResult, wanted: set[str] | None) -> bool:
    return wants_alternative(result.verdict) if wanted is None else result.column.id in wanted


def _measured_by(report: Report, row: Row) -> Row | None:
    """The row that measures what the advice names; None for the entry's own twin, and for what no row measures."""
    text, entry = row.entry.safe_alternative, row.entry.id
    if row.is_workaround and text.startswith(_ITSELF):
        return row
    operation = _OPERATION.search(text)
    name = operation.group(1) if operation else ""
    if row.is_workaround and "sample_app." in text:
        name = _sibling(entry, report)
    return next((other for other in report.rows if other.entry.id == name), None)


def _sibling(entry: str, report: Report) -> str:
    """The sample app's form of a workaround: `workaround.w2.sample_app` for `workaround.w2.printed`."""
    name = f"{entry.rpartition('.')[0]}.sample_app"
    return name if any(row.entry.id == name for row in report.rows) else ""


def _fares(result: EntryResult, named: Row | None) -> str:
    """How what is named fares in the environment of a result: `right`, `wrong` or `unmeasured`."""
    if named is not None:
        return _of_row(next(other for other in named.results if other.column.id == result.column.id))
    return _of_twin(result) if _TWIN.match(result.entry.safe_alternative) else "right"


def _of_row(result: EntryResult) -> str:
    if result.outcome in _NO_ANSWER:
        return "unmeasured"
    return "right" if result.outcome in _RIGHT_WORDS or result.outcome == "pass" else "wrong"


def _of_twin(result: EntryResult) -> str:
    """The twin is wrong where the reference model is contradicted by what both sides give."""
    checks = {name: check for name, check in result.checks if check is not None}
    if result.outcome in _NO_ANSWER:
        return "unmeasured"
    model = checks.get("model")
    if not _is_bad(model):
        return "right"
    differing = checks.get("result")
    # The twin's own result is what the asynchronous one was expected to be: it may be what the model says.
    agrees = _is_bad(differing) and _expected(differing) == _expected(model)
    return "right" if agrees else "wrong"


def _is_bad(check: CheckResult | None) -> bool:
    return check is not None and check.verdict.name in BAD


def _expected(check: CheckResult | None) -> str | None:
    failure = check.measured.failure if check is not None and check.measured is not None else None
    return failure.expected if failure is not None else None
