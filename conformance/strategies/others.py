"""What methods of other models than posts are given: specimens, comments, tags, reactions, reviews, profiles."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from conformance.strategies import values
from conformance.strategies.code import Arguments, Infix, Name
from conformance.strategies.lookups import COMMENT_CONDITIONS, instance
from conformance.strategies.rows import FIRST_KEY, SHORT_TEXTS
from conformance.strategies.shapes import call, f, given, one_of, q

Drawn = st.SearchStrategy[Arguments]
_FIRST, _SECOND, _GONE = FIRST_KEY, FIRST_KEY + 1, FIRST_KEY + 90
VALUES: dict[str, tuple[Any, ...]] = {
    "decimal": values.DECIMALS,
    "json": values.JSONS,
    "moment": (None, *values.MOMENTS),
    "day": values.DAYS,
    "time": values.TIMES,
    "duration": values.DURATIONS,
    "binary": values.BINARIES,
    "big": values.BIGS,
    "small": values.SMALLS,
    "real": values.REALS,
    "flag": values.FLAGS,
}
# What each field refuses, or the database.
_REFUSED: tuple[tuple[str, Any], ...] = (
    ("decimal", "no number"),
    ("moment", "no moment"),
    ("day", "2000-13-01"),
    ("duration", "long"),
    ("real", "real"),
    ("big", None),
    ("uuid", "no uuid"),
    ("nonsense", 1),
)
_SET = st.sampled_from([(name, value) for name, pool in VALUES.items() for value in pool])
_UUID = ("uuid", values.UUIDS[1])


def _fields(*pairs: tuple[str, Any]) -> Arguments:
    return Arguments(kwargs=tuple(dict((_UUID, *pairs)).items()))


def _specimens(number: int, one: tuple[str, Any], batch: dict[str, Any]) -> Arguments:
    objects = [call("Specimen", uuid=each, **dict([one])) for each in values.UUIDS[:number]]
    return given(objects, **batch)


def _updates(*pairs: tuple[str, Any]) -> Arguments:
    return Arguments(kwargs=tuple(dict(pairs).items()))


def _got(*forms: Arguments) -> Drawn:
    return one_of(given(pk=_FIRST), given(pk=_SECOND), given(pk=_GONE), given(), given(nonsense=1), *forms)


OTHERS: dict[str, Drawn] = {
    "specimen_in_bulk": one_of(given(), given([_FIRST, _SECOND]), given([_FIRST], field_name="uuid")),
    "specimen_lookup": st.sampled_from(values.UUIDS).map(lambda each: given(uuid=each)),
    "specimen_created": st.one_of(
        st.builds(_fields, _SET, _SET),
        st.builds(_fields, _SET, _SET),
        st.sampled_from(_REFUSED).map(_fields),
    ),
    "specimen_bulk": st.builds(
        _specimens, st.integers(1, 4), _SET, st.sampled_from([{}, {"batch_size": 2}, {"batch_size": 3}])
    ),
    "specimen_updates": st.one_of(
        st.builds(_updates, _SET, _SET),
        one_of(
            given(big=Infix(f("small"), "*", 2)),
            given(moment=Infix(f("moment"), "+", timedelta(days=1))),
            given(decimal=Infix(f("decimal"), "-", f("small"))),
            given(text=call("Upper", "text"), flag=None),
        ),
        st.sampled_from(_REFUSED).map(_updates),
    ),
    "specimen_aggregates": st.sampled_from(
        [
            given(a=call("Min", name), b=call("Max", name), n=call("Count", name))
            for name in ("decimal", "moment", "day", "time", "duration", "big", "small", "real")
        ]
        + [
            given(total=call("Sum", "decimal"), mean=call("Avg", "decimal")),
            given(total=call("Sum", "duration"), mean=call("Avg", "duration")),
            given(total=call("Sum", "real"), mean=call("Avg", "small")),
            given(total=call("Sum", "small", filter=q(flag=True), default=0)),
        ]
    ),
    "comment_aggregates": one_of(
        given(n=call("Count", "pk"), last=call("Max", "created_at")),
        given(n=call("Count", "author", distinct=True)),
        given(n=call("Count", "pk", filter=q(author__isnull=True))),
        given(call("Count", "post__tags")),
        given(n=call("Count", "nonsense")),
    ),
    "comments_got": st.one_of(
        _got(given(content="a")), COMMENT_CONDITIONS.map(lambda condition: Arguments(kwargs=(condition,)))
    ),
    "comments_contained": one_of(
        given(call("Comment", pk=_FIRST)),
        given(call("Comment", pk=_SECOND)),
        given(obj=call("Comment", pk=_GONE)),
        given(call("Comment")),
        given(instance("Post", 0)),
        given(1),
    ),
    "comment_updates": one_of(
        given(content="changed"),
        given(author=instance("User", 1)),
        given(post=instance("Post", 1)),
        given(content=call("Upper", "content")),
        given(nonsense=1),
    ),
    "tag_updates": one_of(
        given(name="renamed"), given(name=call("Concat", "name", call("Value", "!"))), given(name=None)
    ),
    "tag_aggregates": one_of(
        given(n=call("Count", "pk")),
        given(low=call("Min", "name"), high=call("Max", "name")),
        given(n=call("Count", "posts")),
        given(n=call("Count", "posts", distinct=True, filter=q(posts__published=True))),
    ),
    "tags_got": _got(given(name="async"), given(name__in=["orm", "django"])),
    "tags_contained": one_of(
        given(instance("Tag", 0)),
        given(obj=instance("Tag", 1)),
        given(instance("Tag", 2)),
        given(instance("Post", 0)),
        given(None),
    ),
    "reaction_aggregates": one_of(
        given(total=call("Sum", "count"), n=call("Count", "pk")),
        given(total=call("Sum", "count", default=0, filter=q(emoji="+"))),
        given(mean=call("Avg", "count")),
    ),
    "proxy_got": _got(given(title="a"), given(views__gte=0)),
    "proxy_created": one_of(given(title="new"), given(title="new", published=True, views=3), given(nonsense=1)),
    "proxy_updates": one_of(given(title="changed"), given(published=False), given(views=Infix(f("views"), "-", 1))),
    "proxy_or_created": one_of(
        given(pk=_FIRST, defaults={"title": "default"}),
        given(title="new", defaults={"views": 3}),
        given(title="new", published=True),
        given(views__gte=0, defaults={"title": "several"}),
    ),
    "proxy_bulk": one_of(
        given([call("PublishedPost", title="one"), call("PublishedPost", title="two", published=True)]),
        given([call("PublishedPost", title=str(at)) for at in range(3)], batch_size=2),
        given([call("Post", title="of the other class")]),
    ),
    # Half of the rows have no child: what is there is asked for more often.
    "child_got": _got(*[given(pk=_FIRST), given(rating=0)] * 3, given(rating__lt=0), given(title="a", rating=0)),
    "child_created": one_of(
        given(title="new", rating=3),
        given(title="new"),
        given(rating=None),
        given(pk=FIRST_KEY + 60, title="chosen", rating=1),
        given(post_ptr=instance("Post", 0), rating=1),
    ),
    "child_updates": one_of(
        given(rating=1),
        given(title="changed"),
        given(title="changed", rating=Infix(f("rating"), "+", 1)),
        given(rating=f("views")),
    ),
    "child_or_created": one_of(
        given(pk=_FIRST, defaults={"rating": 5}),
        given(title="new", defaults={"rating": 5}),
        given(rating=0, title="a", defaults={"views": 5}),
        given(title="new", rating=2),
    ),
    "one_to_one_got": _got(given(user=_FIRST), given(user__username="grace"), given(display_name="Ada")),
    "one_to_one_created": one_of(
        given(user_id=_FIRST, display_name="new"),
        given(user=instance("User", 1)),
        given(display_name="nobody's"),
        given(user=None),
    ),
    "one_to_one_updates": one_of(
        given(display_name="changed"), given(display_name=call("Upper", "display_name")), given(user=None)
    ),
    "one_to_one_or_created": one_of(
        given(user_id=_FIRST, defaults={"display_name": "default"}),
        given(user=instance("User", 1), defaults={"display_name": Name("str")}),
        given(user__username="ada", defaults={"user_id": _FIRST, "display_name": "looked up"}),
        given(display_name="nobody's"),
    ),
    "one_to_one_bulk": one_of(
        given([call("Profile", user_id=_FIRST), call("Profile", user_id=_SECOND)], batch_size=1),
        given([call("Profile", user_id=_FIRST)], ignore_conflicts=True),
        given(
            [call("Profile", user_id=_FIRST, display_name="new")],
            update_conflicts=True,
            update_fields=["display_name"],
            unique_fields=["user"],
        ),
    ),
    "own_reactions": SHORT_TEXTS.map(lambda _: given())
    | one_of(
        given(call("Reaction", pk=_FIRST)),
        given(call("Reaction", pk=_FIRST), bulk=False),
        given(call("Reaction", pk=_SECOND), call("Reaction", pk=_GONE)),
        given(instance("Post", 0)),
    ),
    "explaining": one_of(
        # Each database refuses most of what another one knows.
        *[given()] * 4,
        given(format="json"),
        given(format="TEXT"),
        given(format="nonsense"),
        given(analyze=True),
        given(nonsense=True),
        given(**{"a b": 1}),
    ),
}
