"""The sample app's models as plain data, and the drawn rows as their tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.strategies.rows import Rows

Row = dict[str, Any]
Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class Relation:
    """From a row to rows of `model`: those whose `column` is the value of the row's `own`.

    `through` is a table between with two columns, for the row and for the other end.
    """

    model: str
    own: str
    column: str
    many: bool = False
    through: tuple[str, str, str] | None = None


@dataclass(frozen=True)
class Model:
    """Fields in order, by name; those in `keys` refer to other rows."""

    name: str
    fields: tuple[str, ...]
    keys: tuple[str, ...] = ()
    relations: tuple[tuple[str, Relation], ...] = ()
    ordering: tuple[str, ...] = ()
    defaults: tuple[tuple[str, Any], ...] = ()
    nullable: tuple[str, ...] = ()
    label: str = ""

    def relation(self, name: str) -> Relation | None:
        """The relation of that name, if there is one."""
        return dict(self.relations).get(name)

    def field(self, name: str) -> str | None:
        """The field that a name leads to: `pk`, its own name, or its column's."""
        if name == "pk":
            return self.fields[0]
        if name in self.fields:
            return name
        bare = name.removesuffix("_id")
        return bare if bare != name and bare in self.keys else None

    def attribute(self, field: str) -> str:
        """What an instance calls the field's value."""
        return f"{field}_id" if field in self.keys else field


_POST_FIELDS = ("id", "title", "content", "published", "created_at", "views", "author")
_USER_FIELDS = ("id", "password", "last_login", "is_superuser", "username", "first_name", "last_name", "email")
_POST_RELATIONS = (
    ("author", Relation("User", "author", "id")),
    ("comments", Relation("Comment", "id", "post", many=True)),
    ("tags", Relation("Tag", "id", "id", many=True, through=("Post_tags", "post", "tag"))),
    ("reactions", Relation("Reaction", "id", "object_id", many=True)),
    ("review", Relation("Review", "id", "id")),
)
_NEWEST = ("-created_at", "-pk")
# Marks a default that the clock gives.
CLOCK = object()
_POST_DEFAULTS = (
    ("title", ""),
    ("content", ""),
    ("published", False),
    ("created_at", CLOCK),
    ("views", 0),
    ("author", None),
)
_POST = Model("Post", _POST_FIELDS, ("author",), _POST_RELATIONS, _NEWEST, _POST_DEFAULTS, ("author",))
_SPECIMEN = (
    *("id", "decimal", "json", "uuid", "moment", "day", "time", "duration", "binary", "text", "big", "small", "real"),
    "flag",
)
MODELS: dict[str, Model] = {
    "Post": _POST,
    "PublishedPost": Model(
        "PublishedPost", _POST_FIELDS, ("author",), _POST_RELATIONS, _NEWEST, _POST_DEFAULTS, ("author",)
    ),
    "Review": Model(
        "Review", (*_POST_FIELDS, "post_ptr", "rating"), ("author", "post_ptr"), _POST_RELATIONS[:4], _NEWEST
    ),
    "User": Model(
        "User",
        (*_USER_FIELDS, "is_staff", "is_active", "date_joined"),
        (),
        (
            ("profile", Relation("Profile", "id", "user")),
            ("posts", Relation("Post", "id", "author", many=True)),
            ("comments", Relation("Comment", "id", "author", many=True)),
        ),
    ),
    "Tag": Model(
        "Tag",
        ("id", "name"),
        (),
        (("posts", Relation("Post", "id", "id", many=True, through=("Post_tags", "tag", "post"))),),
        defaults=(("name", ""),),
    ),
    "Comment": Model(
        "Comment",
        ("id", "post", "author", "content", "created_at"),
        ("post", "author"),
        (("post", Relation("Post", "post", "id")), ("author", Relation("User", "author", "id"))),
        ("created_at", "pk"),
        (("post", None), ("author", None), ("content", ""), ("created_at", CLOCK)),
        ("author",),
    ),
    "Profile": Model("Profile", ("id", "user", "display_name"), ("user",), (("user", Relation("User", "user", "id")),)),
    "Reaction": Model(
        "Reaction",
        ("id", "content_type", "object_id", "emoji", "count"),
        ("content_type",),
        defaults=(("content_type", None), ("object_id", None), ("emoji", ""), ("count", 1)),
    ),
    "Specimen": Model("Specimen", _SPECIMEN),
    "Post_tags": Model("Post_tags", ("id", "post", "tag"), ("post", "tag")),
}


# In the place of the key that the database has given to the content type of posts.
CONTENT_TYPE = "the content type of posts"


def label_of(model: str) -> str:
    """Django's label of a model."""
    return "auth.User" if model == "User" else f"sample_app.{model}"


def tables_of(rows: Rows) -> Tables:
    """The rows that are seeded, by model; every column that is left out is NULL."""
    from conformance.checks.seed import seeded_rows

    found: Tables = {}
    for model, values in seeded_rows(rows):
        names = MODELS[model.__name__].fields
        found[model.__name__] = [{**dict.fromkeys(names), **row} for row in values] if names else values
    for row in found["Reaction"]:
        row["content_type"] = CONTENT_TYPE
    posts = {row["id"]: row for row in found["Post"]}
    found["Review"] = [
        {**posts[row["post_ptr"]], "post_ptr": row["post_ptr"], "rating": row["rating"]} for row in found["Review"]
    ]
    return found


def rows_to_seed(tables: Tables) -> list[tuple[type[Any], list[Row]]]:
    """The tables in the form of `checks.seed`."""
    from conformance.checks.seed import content_type_of_posts, seeded_models

    tables = {
        **tables,
        "Reaction": [{**row, "content_type": content_type_of_posts()} for row in tables["Reaction"]],
        "Review": [{"post_ptr": row["post_ptr"], "rating": row["rating"]} for row in tables["Review"]],
    }
    return [(model, [_in_order(row, model.__name__) for row in tables[model.__name__]]) for model in seeded_models()]


def _in_order(row: Row, model: str) -> Row:
    return {name: row[name] for name in MODELS[model].fields if name in row}
