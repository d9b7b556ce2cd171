"""`show`: all that the catalogue says of one id."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from conformance.case import Cell
from conformance.catalogue import JUDGES, SOURCE_TEXT, Catalogue, CatalogueEntry, Check, Claim, load_catalogue
from conformance.catalogue.oracles import ORACLES
from conformance.catalogue.situations import asked_by
from conformance.catalogue.words import WORDS
from conformance.cli.options import catalogue_option
from conformance.findings import load_findings


@click.command(short_help="Show an entry, a check or a claim.")
@click.argument("name", metavar="ID")
@catalogue_option
def show(name: str, catalogue_folder: Path | None) -> None:
    """Show the entry, the check (ENTRY:CHECK) or the claim ID: what it checks, how it knows, where that is documented.

    Of a check: what its judge asks, what must have been seen for a pass to count, and whether it gates. Of a
    workaround: its situations, and the rule by which they make one word.
    """
    catalogue = load_catalogue(catalogue_folder)
    for line in _lines(name, catalogue):
        click.echo(line)


def _lines(name: str, catalogue: Catalogue) -> Iterator[str]:
    claim = next((claim for claim in catalogue.claims if claim.id == name), None)
    entry, _, check = name.partition(":")
    if claim:
        return _claim(claim, catalogue)
    return _cell(Cell(entry, check), catalogue) if check else _entry(catalogue.entry(entry))


def _entry(entry: CatalogueEntry) -> Iterator[str]:
    yield click.style(entry.id, bold=True) + f"  {entry.title}"
    yield f"  {entry.level}, {entry.stage}, {entry.subject} of the area {entry.area}; isolation: {entry.isolation}"
    yield f"  documented: {entry.documented}, {_window(entry)}"
    see = tuple(map(_place, entry.spec))
    for title, values in (("requires", entry.requires), ("depends on", entry.depends_on), ("see", see)):
        if values:
            yield f"  {title}: {', '.join(values)}"
    if entry.safe_alternative:
        yield f"  safe alternative: {entry.safe_alternative}"
    for check in entry.checks:
        yield from _check(entry, check)
        if finding := load_findings().of(f"{entry.id}:{check.name}"):
            yield f"    wrong in {finding.versions}: {finding.claim}"
    for name, reason in entry.judged.without if entry.judged else ():
        yield f"  not asked: {name}, because {reason}"
    if entry.subject == "workaround":
        yield from _word(entry)


def _place(link: str) -> str:
    """A link, or what the source text is called: nobody has it as a file."""
    page, _, fragment = link.partition("#")
    return f"the source text, {fragment}" if page == SOURCE_TEXT else link


def _word(entry: CatalogueEntry) -> Iterator[str]:
    yield "  its word, computed from the checks above; the first that is true:"
    for word, rule in WORDS.items():
        yield f"    {word}: {rule}"
    if apart := [check.name for check in entry.checks if not check.counts]:
        yield f"    not counted: {', '.join(apart)}, which tells `finishes after cancel` from `safe`"


def _window(entry: CatalogueEntry) -> str:
    since = f"since Django {entry.since}" if entry.since else "in every Django"
    return since + (f", no longer in {entry.until}" if entry.until else "")


def _check(entry: CatalogueEntry, check: Check) -> Iterator[str]:
    yield f"  check {check.name}: {', '.join(check.oracles)}  {asked_by(entry, check.name)}".rstrip()
    if check.must_observe:
        yield f"    must observe: {', '.join(check.must_observe)}"
    for kill in check.kills:
        yield f"    kills: {kill.defect} ({kill.verdict})"


def _cell(cell: Cell, catalogue: Catalogue) -> Iterator[str]:
    """A check in full, with the judge that it is."""
    check, entry = catalogue.check(cell), catalogue.entry(cell.entry)
    yield click.style(str(cell), bold=True) + f"  {entry.title}"
    if cell.check in JUDGES and entry.judged is not None:
        yield f"  the judge `{cell.check}` asks: {JUDGES[cell.check].asks}"
    elif asked := asked_by(entry, cell.check):
        yield f"  code of its own asks: {asked}"
    else:
        yield "  code of its own, for this entry alone"
    for oracle in check.oracles:
        yield f"  it knows by {oracle}: {ORACLES[oracle]}"
    yield f"  a pass counts only if this was seen: {', '.join(check.must_observe) or 'nothing in particular'}"
    yield f"  gates: {'no, because ' + why if (why := entry.why_not_gating(cell.check)) else 'yes'}"
    for kill in check.kills:
        yield f"  proved by the planted defect {kill.defect}, which must make it {kill.verdict}"
    if cell.check in JUDGES and not check.kills:
        yield f"  proved by generated defects: async-orm-conformance selfcheck --only {cell.entry}"
    yield f"  measure it: async-orm-conformance run --only {cell}"


def _claim(claim: Claim, catalogue: Catalogue) -> Iterator[str]:
    yield click.style(claim.id, bold=True) + f"  {claim.says}"
    yield f"  predicts: {' or '.join(claim.predicts)}"
    for cell in catalogue.cells_of(claim):
        yield f"  measured by {cell}"
