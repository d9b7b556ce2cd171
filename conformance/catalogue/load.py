"""Read the catalogue from its TOML files, checked against its schema and against itself."""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from conformance.case import ExitCode, SchemaChecker, SuiteError
from conformance.catalogue.areas import place_of
from conformance.catalogue.judges import JUDGES
from conformance.catalogue.model import (
    Catalogue,
    CatalogueEntry,
    Check,
    Claim,
    Judged,
    Kill,
    Measurement,
    Operation,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def load_catalogue(source: Traversable | None = None, *, validate: bool | None = None) -> Catalogue:
    """Every `*.toml` file of the folder `source` (default: the one that comes with the suite).

    `validate=False` skips the JSON Schema, not the cross-references: workers trust what their parent validated. By
    default it is skipped for the suite's own catalogue, which its tests validate, and which is read once in a process.
    Raises `SuiteError` (bad input) that names the file and what is wrong in it.
    """
    if source is None:
        return _load(_own_folder(), validate=True) if validate else _own_catalogue()
    return _load(source, validate=validate is not False)


@cache
def _own_catalogue() -> Catalogue:
    """Asked for by many, and for every defect that is planted: what it holds cannot be changed."""
    return _load(_own_folder(), validate=False)


def _own_folder() -> Traversable:
    return files("conformance.catalogue") / "entries"


def _load(folder: Traversable, *, validate: bool) -> Catalogue:
    documents = [(file.name, _parse(file)) for file in _toml_files(folder)]
    if validate:
        checker = SchemaChecker(catalogue_schema())
        for name, document in documents:
            if problem := checker.problem(document):
                raise _invalid(name, problem)
    content = [document for _, document in documents]
    items = [item for document in content for item in document.get("entry", [])]
    catalogue = Catalogue(
        # Of an area the plain operations first: `queryset.acount`, then `queryset.composed.acount`.
        entries=tuple(sorted(map(_entry, items), key=lambda entry: (place_of(entry.area), entry.id.count(".") > 1))),
        claims=tuple(_claim(item) for document in content for item in document.get("claim", [])),
        hash=_digest(items),
    )
    _check_references(catalogue)
    return catalogue


def _digest(items: list[Any]) -> str:
    """Of what is measured: which text claims it, and which defects are planted to prove a check, changes no verdict."""
    measured = [_measured(item) for item in items]
    return hashlib.sha256(json.dumps(measured, sort_keys=True).encode()).hexdigest()


def _measured(item: dict[str, Any]) -> dict[str, Any]:
    checks = {name: {**check, "kills": None} for name, check in item.get("checks", {}).items()}
    return {**item, "checks": checks}


def catalogue_schema() -> dict[str, Any]:
    """The JSON Schema of one catalogue file."""
    schema: dict[str, Any] = json.loads((files("conformance.catalogue") / "schema.json").read_text("utf-8"))
    return schema


def _toml_files(folder: Traversable) -> list[Traversable]:
    try:
        found = [file for file in folder.iterdir() if file.name.endswith(".toml")]
    except OSError as error:
        raise _invalid(str(folder), error.strerror or str(error)) from error
    return sorted(found, key=lambda file: file.name)


def _parse(file: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _invalid(file.name, f"it is not TOML: {error}") from error
    except OSError as error:
        raise _invalid(file.name, error.strerror or str(error)) from error


def _entry(item: dict[str, Any]) -> CatalogueEntry:
    everywhere = tuple(item.get("must_observe", ()))
    judged = _judged(item["judged"]) if "judged" in item else None
    own = tuple(
        Check(
            name=name,
            oracles=tuple(check["oracles"]),
            kills=tuple(Kill(defect, verdict) for defect, verdict in check["kills"].items()),
            must_observe=tuple(check.get("must_observe", everywhere)),
            counts=check.get("counts", True),
        )
        for name, check in item.get("checks", {}).items()
    )
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}
    fields.pop("must_observe", None)
    fields.setdefault("documented", "works")
    fields.setdefault("stage", "required")
    checks = (*_judges(judged, everywhere), *own)
    return CatalogueEntry(**{**fields, "judged": judged, "checks": checks, "digest": _digest([item])[:12]})


def _judged(item: dict[str, Any]) -> Judged:
    operation = Operation(**item["operation"]) if "operation" in item else None
    without, observes = (tuple(item.get(key, {}).items()) for key in ("without", "observes"))
    return Judged(operation, bool(item.get("writes")), bool(item.get("modelled")), without, observes)


def _judges(judged: Judged | None, everywhere: tuple[str, ...]) -> Iterator[Check]:
    """A check for each judge that applies, with the evidence that it needs."""
    if judged is None:
        return
    left_out = {name for name, _ in judged.without} | (set() if judged.modelled else {"model"})
    for judge in JUDGES.values():
        if judge.name not in left_out:
            evidence = judge.writing if judged.writes else judge.reading
            evidence += everywhere if judge.name == "result" else ()
            counts = judge.counts and all(name != judge.name for name, _ in judged.observes)
            yield Check(judge.name, judge.oracles, (), evidence, counts)


def _claim(item: dict[str, Any]) -> Claim:
    return Claim(
        id=item["id"],
        says=item["says"],
        predicts=tuple(item["predicts"]),
        measured_by=tuple(
            Measurement(measurement["entry"], tuple(measurement.get("checks", ())))
            for measurement in item["measured_by"]
        ),
    )


def _check_references(catalogue: Catalogue) -> None:
    """No id twice, nothing refers to an entry or a check that does not exist, no circle of dependencies."""
    ids = Counter([entry.id for entry in catalogue.entries] + [claim.id for claim in catalogue.claims])
    for name, count in ids.items():
        if count > 1:
            raise _invalid("the catalogue", f"the id {name!r} is there {count} times")
    for entry in catalogue.entries:
        with _naming(f"{entry.id!r} depends on"):
            for name in entry.depends_on:
                catalogue.entry(name)
    for claim in catalogue.claims:
        with _naming(f"{claim.id!r} is measured by"):
            for cell in catalogue.cells_of(claim):
                catalogue.check(cell)
    try:
        tuple(catalogue.cells())
    except RecursionError as error:
        raise _invalid("the catalogue", "entries depend on each other in a circle") from error


@contextmanager
def _naming(relation: str) -> Iterator[None]:
    """Say which entry or claim refers to the unknown id."""
    try:
        yield
    except SuiteError as error:
        what = error.message[:1].lower() + error.message[1:].rstrip(".")
        raise _invalid("the catalogue", f"{relation} something unknown: {what}") from error


def _invalid(name: str, problem: str) -> SuiteError:
    return SuiteError(
        f"The catalogue cannot be read: {name}: {problem}.",
        "Correct it; `async-orm-conformance schema catalogue` prints what an entry may say.",
        ExitCode.BAD_INPUT,
    )
