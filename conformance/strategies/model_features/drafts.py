"""Drafts and their pages, whose columns have defaults of the database: instances and arguments."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.strategies.code import Chain, Infix
from conformance.strategies.lookups import Condition
from conformance.strategies.model_features.parts import ONE, SAVING, TWO, Drawn, changes, made, order, plans
from conformance.strategies.model_features.rows import key
from conformance.strategies.shapes import call, f, given, one_of, step

DRAFT_CHANGES = changes(
    {"title": "changed"},
    {"priority": None},
    {"priority": Infix(f("priority"), "+", 1), "status": "old"},
    {"title": call("Upper", "title")},
    {"slug": "other", "status": ""},
    {},
)
NEW_DRAFTS = made(
    "Draft",
    {"slug": "new"},
    {"slug": "new", "title": "given"},
    {"slug": "new", "title": "", "priority": None, "status": "old"},
    {"pk": key(60), "slug": "chosen key"},
    {"pk": ONE, "slug": "taken key"},
    {"pk": TWO, "slug": "taken too", "title": "given", "priority": 1},
    {"slug": "a"},
    {"slug": "new", "title": call("Upper", call("Value", "shouted"))},
)
DRAFT_CONDITIONS: tuple[Condition, ...] = (
    ("title", "a"),
    ("priority", 3),
    ("priority__isnull", True),
    ("status", "new"),
    ("pages__text", "a"),
)
_DRAFT = {"title": "changed", "priority": 3}
_DRAFTS = [
    call("Draft", slug="n1"),
    call("Draft", slug="n2", title="given"),
    call("Draft", slug="n3", priority=None),
    call("Draft", slug="n4", status="old", title=""),
    call("Draft", pk=key(61), slug="n5"),
]
_OVER = {"update_conflicts": True, "update_fields": ["title"], "unique_fields": ["slug"]}
# What `in_bulk` is asked for as values: with its key among them and without.
_PRIORITY = step("annotate", more=Infix(f("priority"), "+", 1))
_VALUES = (
    (step("values", "title"),),
    (step("values", "slug", "title"),),
    (step("values"),),
    (step("values_list", "title", "priority"),),
    (step("values_list", "slug"),),
    (step("values_list", "title", flat=True),),
    (step("values_list", "pk", flat=True),),
    (step("values_list", "slug", flat=True),),
    (step("values_list", "slug", "title", named=True),),
    (step("values_list", "pk", "title", named=True),),
)
_COMPUTED = (
    (_PRIORITY, step("values", "title", "more")),
    (_PRIORITY, step("values_list", "more", flat=True)),
    (_PRIORITY, step("values_list", "title", "more")),
    (_PRIORITY, step("values", "pk", "more")),
)


def draft_values(*, computed: bool = False) -> st.SearchStrategy[Chain]:
    """Drafts as values, one of them computed."""
    return plans("Draft", DRAFT_CONDITIONS[:4], (order("pk"), order("-pk")), _COMPUTED if computed else _VALUES)


DRAFTS: dict[str, Drawn] = {
    "drafts_in_bulk": one_of(
        given(),
        given([ONE, TWO]),
        given([ONE, key(90)]),
        given(field_name="slug"),
        given(["a", "no such"], field_name="slug"),
        given([]),
        given(["x"], field_name="title"),
        given(id_list=(TWO, TWO)),
    ),
    "drafts_saving": one_of(
        *SAVING,
        given(),
        given(update_fields=["title"]),
        given(update_fields=["priority", "status"]),
        given(update_fields=["made_at"]),
    ),
    "drafts_created": one_of(
        given(slug="new"),
        given(slug="new", title="given"),
        given(slug="new", priority=None),
        given(slug="new", title="", status="", priority=0),
        given(pk=key(60), slug="chosen key"),
        given(slug=""),
        given(slug="new", title=call("Upper", call("Value", "shouted"))),
        given(slug="new", title=None),
        given(nonsense=1),
    ),
    "drafts_or_created": one_of(
        given(slug="new"),
        given(slug="new", defaults=_DRAFT),
        given(slug="a", defaults=_DRAFT),
        given(slug="", defaults={"priority": None}),
        given(title="no such", defaults={"slug": "new"}),
        given(pk=key(60), defaults={"slug": "chosen"}),
        given(pk=ONE, defaults={"priority": Infix(f("priority"), "+", 1)}),
        given(slug="a", defaults={}),
    ),
    "drafts_bulk_created": one_of(
        given([*_DRAFTS[:4]]),
        given([*_DRAFTS]),
        given([*_DRAFTS], batch_size=2),
        given([_DRAFTS[1], _DRAFTS[0]], batch_size=1),
        given([_DRAFTS[4], _DRAFTS[0]]),
        given([_DRAFTS[0], call("Draft", slug="a", title="taken")], ignore_conflicts=True),
        given([_DRAFTS[0], call("Draft", slug="a", title="over")], **_OVER),
        given([_DRAFTS[1], call("Draft", slug="", priority=1)], **_OVER),
        given(
            [call("Draft", slug="a", status="x", priority=None)],
            **{**_OVER, "update_fields": ["priority", "status"]},
        ),
        given([_DRAFTS[0], call("Draft", slug="n1")]),
    ),
    "drafts_bulk_updated": one_of(
        given([call("Draft", pk=ONE, slug="x", title="t"), call("Draft", pk=TWO, slug="y", title="u")], ["title"]),
        given([call("Draft", pk=ONE, slug="x", priority=None)], ["priority", "slug"]),
        given([call("Draft", pk=TWO, slug="x", priority=0, status="old")], ["priority", "status"], batch_size=1),
        given([call("Draft", pk=ONE, title="t"), call("Draft", pk=TWO, title="u")], ["title"], batch_size=1),
    ),
    "drafts_bulk_updated_in_part": one_of(
        given([call("Draft", pk=ONE, slug="x"), call("Draft", pk=TWO, slug="y", title="u")], ["title"]),
        given([call("Draft", pk=ONE, slug="x")], ["priority", "status"]),
        given([call("Draft", pk=ONE, slug="x"), call("Draft", pk=TWO, slug="y")], ["status"], batch_size=1),
        # Servers refuse the others, and would change nothing.
        given([call("Draft", pk=ONE, slug="x", title="t")], ["title"]),
    ),
    "drafts_updated": one_of(
        given(title="changed"), given(priority=Infix(f("priority"), "+", 1)), given(priority=None, status="x")
    ),
    "drafts_refreshing": one_of(given(), given(fields=["title"]), given(fields=["made_at", "status"])),
    "pages_created": one_of(given(), given(text="given"), given(number=4), given(text="", number=0), given(nonsense=1)),
    "pages_or_created": one_of(
        given(number=44), given(number=44, defaults={"text": "given"}), given(text="a", defaults={"number": 5})
    ),
    "pages_bulk_created": one_of(
        given([call("Page", draft_id=ONE, number=7), call("Page", draft_id=TWO, text="given")]),
        given([call("Page", draft_id=ONE), call("Page", draft_id=ONE)], batch_size=1),
        # What it is created through does not make it the draft's.
        given([call("Page", number=7)]),
    ),
}
