"""Compare two results: a pure function of what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from conformance.case import Cell, SuiteError, Verdict, worst
from conformance.catalogue import Catalogue, CatalogueEntry
from conformance.catalogue.words import entry_word
from conformance.comparison.figures import figures_of
from conformance.comparison.model import Change, CheckChange, Comparison, Figure
from conformance.comparison.pairing import Couple, labelled, paired
from conformance.environment import Environment
from conformance.results import Results, merge_results

_NOT_SELECTED = "-"
# These say nothing of Django: neither that it became right nor that it became wrong.
_NO_ANSWER = frozenset({_NOT_SELECTED, "unknown", "blocked", "setup_error", "harness_error"})


def compare(before: Sequence[Results], after: Sequence[Results], catalogue: Catalogue) -> Comparison:
    """What changed from the one to the other, in each environment that both have.

    Environments are paired by what they share, so that the versions which differ are what is compared. Several files
    of one environment are merged first. An entry that the catalogue no longer has is compared all the same.
    """
    old, new = merge_results(before), merge_results(after)
    couples, only_before, only_after = paired(old, new)
    pairs = labelled(couples)
    changes: list[Change] = []
    same = 0
    for couple, pair in zip(couples, pairs, strict=True):
        found, alike = _changes(couple, catalogue)
        changes.extend(replace(change, pairs=(pair.label,)) for change in found)
        same += alike
    return Comparison(
        pairs=tuple(pairs),
        only_before=tuple(results.environment for results in only_before),
        only_after=tuple(results.environment for results in only_after),
        changes=tuple(_ordered(_joined(changes), catalogue)),
        remarks=tuple(dict.fromkeys(remark for couple in couples for remark in _remarks(couple))),
        same=same,
    )


def kind_of(before: str, after: str, *, refuses: bool) -> str:
    """The kind of a change between two verdicts that differ; `refuses` where a refusal is what is documented."""
    if after in _NO_ANSWER:
        return "unmeasured" if before not in _NO_ANSWER else ""
    if before in _NO_ANSWER:
        return "measured"
    if "absent" in (before, after):
        return "appeared" if before == "absent" else "went"
    if "n/a" in (before, after):
        return "otherwise"
    good = {"pass", "loud"} if refuses else {"pass"}
    if after in good:
        return "otherwise" if before in good else "right"
    # A refusal where it should work does no harm: what comes after it may.
    return "wrong" if before in good or before == "loud" else "otherwise"


@dataclass(frozen=True)
class _Side:
    """An entry in one environment."""

    results: Results
    entry: CatalogueEntry | None
    cells: tuple[Cell, ...]

    def verdict(self, cell: Cell) -> str:
        return str(self.results.verdict(cell)) if cell in self._planned else _NOT_SELECTED

    @property
    def word(self) -> str:
        """The entry's verdict, for a workaround its word."""
        found = {cell.check: self.verdict(cell) for cell in self.cells if cell in self._planned}
        if not found:
            return _NOT_SELECTED
        if self.entry is not None:
            return entry_word(self.entry, found)
        return worst(map(Verdict.parse, found.values())).name

    @property
    def _planned(self) -> frozenset[Cell]:
        return self.results.planned_cells


def _changes(couple: Couple, catalogue: Catalogue) -> tuple[list[Change], int]:
    """The changes of each entry, and how many cells are the same."""
    found: list[Change] = []
    same = 0
    for name, cells in _by_entry(couple).items():
        entry = _entry(catalogue, name)
        old, new = (_Side(results, entry, cells) for results in couple)
        kinds, figures, alike = _cells(old, new)
        base = _change(name, entry, old.word, new.word, cells)
        found.extend(replace(base, kind=kind, checks=tuple(checks)) for kind, checks in kinds.items())
        # Where a verdict changed, its figures are explained by that.
        if figures and not kinds:
            found.append(replace(base, kind="figures", figures=figures))
        same += alike
    return found, same


def _cells(old: _Side, new: _Side) -> tuple[dict[str, list[CheckChange]], tuple[Figure, ...], int]:
    kinds: dict[str, list[CheckChange]] = {}
    figures: list[Figure] = []
    same = 0
    refuses = old.entry is not None and old.entry.documented == "refuses"
    for cell in old.cells:
        before, after = (_name(side.verdict(cell)) for side in (old, new))
        if before != after and (kind := kind_of(before, after, refuses=refuses)):
            change = CheckChange(cell.check, old.verdict(cell), new.verdict(cell), _counts(old.entry, cell.check))
            kinds.setdefault(kind, []).append(change)
        elif before == after and before not in _NO_ANSWER:
            figures.extend(_figures(old.results, new.results, cell))
            same += 1
    # The judges of one experiment share its evidence: each figure is told once.
    return kinds, tuple({(figure.name, figure.text): figure for figure in figures}.values()), same


def _figures(old: Results, new: Results, cell: Cell) -> Iterator[Figure]:
    before, after = old.last(cell), new.last(cell)
    if before is not None and after is not None:
        yield from figures_of(before, after)


def _change(name: str, entry: CatalogueEntry | None, before: str, after: str, cells: tuple[Cell, ...]) -> Change:
    return Change(
        kind="",
        entry=name,
        title=entry.title if entry else "",
        area=entry.area if entry else name.partition(".")[0],
        before=before,
        after=after,
        of=len(cells),
    )


def _by_entry(couple: Couple) -> dict[str, tuple[Cell, ...]]:
    entries: dict[str, list[Cell]] = {}
    for cell in dict.fromkeys(cell for results in couple for cell in results.planned):
        entries.setdefault(cell.entry, []).append(cell)
    return {name: tuple(cells) for name, cells in entries.items()}


def _entry(catalogue: Catalogue, name: str) -> CatalogueEntry | None:
    try:
        return catalogue.entry(name)
    except SuiteError:
        return None


def _counts(entry: CatalogueEntry | None, check: str) -> bool:
    return entry is None or all(each.counts for each in entry.checks if each.name == check)


def _name(verdict: str) -> str:
    """Without the counts of one that is flaky: chance decides them."""
    return verdict.partition(" ")[0]


def _joined(changes: Iterable[Change]) -> list[Change]:
    """The same change in several pairs, told once."""
    joined: dict[Change, list[str]] = {}
    for change in changes:
        joined.setdefault(replace(change, pairs=()), []).extend(change.pairs)
    return [replace(change, pairs=tuple(pairs)) for change, pairs in joined.items()]


def _ordered(changes: list[Change], catalogue: Catalogue) -> list[Change]:
    places = {entry.id: number for number, entry in enumerate(catalogue.entries)}
    areas = {entry.area: number for number, entry in reversed(tuple(enumerate(catalogue.entries)))}
    last = len(places)
    return sorted(changes, key=lambda change: (areas.get(change.area, last), places.get(change.entry, last)))


def _differs_too(old: Environment, new: Environment) -> Iterator[str]:
    """What is neither Django nor asgiref, and has another version all the same: Django is not to blame for it."""
    before, after = (_series(each.python) for each in (old, new))
    if before != after:
        yield f"Python differs too, {before} and {after}: that alone may explain a change."
    if old.server_version != new.server_version:
        versions = f"{old.server_version} and {new.server_version}"
        yield f"{new.database} differs too, {versions}: that alone may explain a change."


def _series(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _remarks(couple: Couple) -> Iterator[str]:
    old, new = couple
    for name, what in (("catalogue", "catalogue"), ("suite", "version of the suite"), ("seed", "seed")):
        if getattr(old, name) != getattr(new, name):
            yield f"The two sides were measured with another {what}: that alone may explain a change."
    if old.profile != new.profile:
        yield f"The profiles differ, {old.profile} and {new.profile}: more examples find more."
    yield from _differs_too(old.environment, new.environment)
    for results in couple:
        if not results.complete:
            missing = len(results.missing)
            yield f"{results.environment} is partial: {missing} of {len(results.planned)} results are missing."
