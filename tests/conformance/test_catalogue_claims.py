"""The catalogue that comes with the suite: every claim has entries, every cell has code, every flag exists."""

from __future__ import annotations

import re

import asgiref
import pytest

from conformance.catalogue import JUDGES, load_catalogue
from conformance.checks import experiment_of, registered_cells
from conformance.judges import PANEL
from conformance.requirements import FLAGS, unmet

CATALOGUE = load_catalogue()
ROWS = [f"O{number}" for number in range(1, 12)] + [f"N{number}" for number in range(1, 7)]
ROWS += [f"W{number}" for number in range(1, 12)]


@pytest.mark.parametrize("row", ROWS)
def test_every_claim_is_answered_by_two_oracles(row):
    """Each row of the source text has a claim, and one of its entries asks at least two oracles."""
    claims = [claim for claim in CATALOGUE.claims if claim.id.partition(".")[0] == row]
    entries = {CATALOGUE.entry(measured.entry) for claim in claims for measured in claim.measured_by}
    oracles = [{oracle for check in entry.checks for oracle in check.oracles} for entry in entries]
    assert max(len(found) for found in oracles) >= 2


def test_every_cell_has_code():
    """The catalogue names no check that nobody wrote, and no entry for the judges that no experiment measures."""
    judged = {entry.id for entry in CATALOGUE.entries if entry.judged is not None}
    assert all(experiment_of(CATALOGUE.entry(name)) is not None for name in judged)
    own = {cell for cell in CATALOGUE.cells() if cell.entry not in judged or cell.check not in JUDGES}
    assert own <= registered_cells()


def test_every_judge_has_code():
    """The catalogue's judges are those that there are."""
    assert JUDGES.keys() == PANEL.keys()


def test_every_entry_that_a_claim_names_links_the_claim():
    """An entry that answers a claim has the claim's row among its specifications."""
    for claim in CATALOGUE.claims:
        for measured in claim.measured_by:
            row = f"spec/systems.md#{claim.id.partition('.')[0]}"
            assert row in CATALOGUE.entry(measured.entry).spec, (claim.id, measured.entry)


def test_every_requirement_is_a_flag_with_one_sentence():
    """A requirement is a capability, said in one sentence, that the suite knows how to ask for."""
    for entry in CATALOGUE.entries:
        assert set(entry.requires) <= FLAGS.keys()
    assert all(re.fullmatch(r"[A-Z][^.]+\.", flag.__doc__ or "") for flag in FLAGS.values())


def test_what_asgiref_lacks_is_said_of_asgiref(monkeypatch):
    """Where a context takes no executor, as on Python 3.10, the reason names asgiref and its version."""

    class Older:
        def __init__(self) -> None: ...

    monkeypatch.setattr("asgiref.sync.ThreadSensitiveContext", Older)
    reason = f"asgiref {asgiref.__version__} lacks this: A block of async code can be given a thread of its own."
    assert unmet(("threads_of_blocks",)) == reason


def test_ids_say_their_area_first():
    """The first segment of an entry's id is its area, so that an area can be selected by name."""
    assert all(entry.id.startswith(f"{entry.area}.") for entry in CATALOGUE.entries)
