"""`asave()` of a child in multi-table inheritance that is forced: all tables, the child's, or those of some parents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.registry import register_experiment
from conformance.checks.seed import key
from conformance.checks.stage import Stage
from conformance.checks.twins import operation
from conformance.strategies import Rows
from conformance.strategies.code import Name, Pairs, resolve, source
from conformance.strategies.rows import some_reviewed_rows

# Beside the parents: a class that is none, and the class that all models have.
_FORMS: tuple[Pairs, ...] = (
    (("force_insert", True),),
    (("force_insert", (Name("Post"),)),),
    (("force_insert", (Name("Review"),)),),
    (("force_insert", (Name("Post"), Name("Review"))),),
    (("force_insert", (Name("models.Model"),)),),
    (("force_insert", (Name("Tag"),)),),
    (("force_insert", (1,)),),
    (("force_insert", ()),),
    (("force_update", True),),
    (("force_update", True), ("force_insert", (Name("Post"),))),
    (("force_insert", (Name("Post"),)), ("update_fields", ["rating"])),
    (("force_update", True), ("update_fields", ["rating"])),
    (("update_fields", ["rating"]),),
    (("update_fields", ["title"]),),
    (),
)
# Of the first post, of the second, of none that there is, and without one.
_KEYS = (key(0), key(1), key(60), None)


@dataclass(frozen=True)
class Forced:
    """Rows, the key of the instance that is saved, and how."""

    rows: Rows
    key: int | None
    how: Pairs


def _vary(example: Forced, turn: int) -> Forced:
    return replace(example, how=_FORMS[turn % len(_FORMS)])


def _expected(example: Forced) -> Any:
    """None, or what is raised."""
    import django

    how, version = dict(example.how), django.VERSION[:2]
    forced, names = how.get("force_insert", False), how.get("update_fields")
    update = how.get("force_update", False)
    if forced and (update or names):
        return "ValueError"
    if version >= (5, 0) and isinstance(forced, tuple) and (refused := _refused(forced)):
        return refused
    posts, reviews = _there(example)
    if update or names:
        return _updated(example, posts, reviews, names, version)
    return _inserted(forced, posts, reviews, version)


def _refused(forced: tuple[Any, ...]) -> str:
    """Every member must be a base of the model."""
    known = (Name("Post"), Name("Review"), Name("models.Model"))
    return "" if all(each in known for each in forced) else "TypeError"


def _there(example: Forced) -> tuple[bool, bool]:
    """Whether there is a post of that key, and whether it is a review."""
    at = None if example.key is None else example.key - key(0)
    if at is None or at >= len(example.rows.posts):
        return False, False
    return True, example.rows.posts[at].rating is not None


def _updated(example: Forced, posts: bool, reviews: bool, names: Any, version: tuple[int, int]) -> Any:
    if example.key is None and names:
        return "ValueError"
    missing = "NotUpdated" if version >= (6, 0) else "DatabaseError"
    if names == ["title"]:
        return None if posts else missing
    # Only the model's own table must be updated: a parent's row that is missing is made, and then so is this one.
    if names is None and not posts:
        return None
    return None if reviews else missing


def _inserted(forced: Any, posts: bool, reviews: bool, version: tuple[int, int]) -> Any:
    if version < (5, 0):
        # All the same: the model's own table is inserted into.
        forced = bool(forced)
    whole = isinstance(forced, tuple) and (Name("Post") in forced or Name("models.Model") in forced)
    if whole and posts:
        return "IntegrityError"
    return "IntegrityError" if forced and reviews else None


def _prepare(stage: Stage, example: Forced) -> Sides:
    from sample_app.models import Review

    review = Review(pk=example.key, title="new", rating=3)
    options = {name: resolve(value) for name, value in example.how}
    expected = _expected(example)
    sides = operation(stage, review, "save", **options)
    return replace(sides, model=({"raises": expected} if expected else None,))


def _source(example: Forced) -> tuple[str, str]:
    given = ", ".join(f"{name}={source(value)}" for name, value in example.how)
    made = f"review = Review(pk={example.key}, title='new', rating=3)"
    return f"{made}\nreview.save({given})", f"{made}\nawait review.asave({given})"


register_experiment(
    "inheritance.child.model.asave.forced",
    st.builds(Forced, some_reviewed_rows(), st.sampled_from(_KEYS), st.sampled_from(_FORMS)),
    _prepare,
    _source,
    vary=_vary,
)
