"""Read the catalogue from its TOML files, checked against its schema and against itself."""

from __future__ import annotations

import hashlib
import json
import sys
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from conformance.case import ExitCode, SuiteError
from conformance.catalogue.model import Catalogue, Check, Claim, Entry, Kill, Measurement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def load_catalogue(source: Traversable | None = None, *, validate: bool = True) -> Catalogue:
    """Every `*.toml` file of the folder `source` (default: the one that comes with the suite).

    `validate=False` skips the JSON Schema, not the cross-references: workers trust what their parent validated.
    Raises `SuiteError` (bad input) that names the file and what is wrong in it.
    """
    folder = source or files("conformance.catalogue") / "entries"
    documents = [
        (file.name, _parse(file)) for file in sorted(folder.iterdir(), key=lambda file: file.name) if _is_toml(file)
    ]
    if validate:
        for name, document in documents:
            _validate(name, document)
    content = [document for _, document in documents]
    catalogue = Catalogue(
        entries=tuple(_entry(item) for document in content for item in document.get("entry", [])),
        claims=tuple(_claim(item) for document in content for item in document.get("claim", [])),
        hash=hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest(),
    )
    _check_references(catalogue)
    return catalogue


def catalogue_schema() -> dict[str, Any]:
    """The JSON Schema of one catalogue file."""
    schema: dict[str, Any] = json.loads((files("conformance.catalogue") / "schema.json").read_text("utf-8"))
    return schema


def _is_toml(file: Traversable) -> bool:
    return file.name.endswith(".toml")


def _parse(file: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _invalid(file.name, f"it is not TOML: {error}") from error


def _validate(name: str, document: dict[str, Any]) -> None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(catalogue_schema()).iter_errors(document))
    if error is not None:
        where = "/".join(str(part) for part in error.absolute_path) or "the top level"
        raise _invalid(name, f"at {where}: {error.message}")


def _entry(item: dict[str, Any]) -> Entry:
    everywhere = tuple(item.get("must_observe", ()))
    checks = tuple(
        Check(
            name=name,
            oracles=tuple(check["oracles"]),
            kills=tuple(Kill(defect, verdict) for defect, verdict in check["kills"].items()),
            must_observe=tuple(check.get("must_observe", everywhere)),
        )
        for name, check in item["checks"].items()
    )
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}
    fields.pop("must_observe", None)
    fields.setdefault("documented", "works")
    fields.setdefault("stage", "required")
    return Entry(**{**fields, "checks": checks})


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
    ids = [entry.id for entry in catalogue.entries] + [claim.id for claim in catalogue.claims]
    for name in ids:
        if ids.count(name) > 1:
            raise _invalid("the catalogue", f"the id {name!r} is there {ids.count(name)} times")
    try:
        for entry in catalogue.entries:
            for name in entry.depends_on:
                catalogue.entry(name)
        for claim in catalogue.claims:
            for cell in catalogue.cells_of(claim):
                catalogue.check(cell)
    except SuiteError as error:
        raise _invalid("the catalogue", error.message) from error
    try:
        tuple(catalogue.cells())
    except RecursionError as error:
        raise _invalid("the catalogue", "entries depend on each other in a circle") from error


def _invalid(name: str, problem: str) -> SuiteError:
    return SuiteError(
        f"The catalogue cannot be read: {name}: {problem}.",
        "Mend the file; `async-orm-conformance schema catalogue` prints what an entry may say.",
        ExitCode.BAD_INPUT,
    )
