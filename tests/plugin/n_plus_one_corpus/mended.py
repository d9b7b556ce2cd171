"""The positives as they are once their remedy is taken, where that is more than another call on the loop's query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, Max, OuterRef, Prefetch, Q, Sum, prefetch_related_objects
from django.forms import CharField, Form

from n_plus_one_corpus.rows import NAMES, TITLES, USERNAMES, User
from sample_app.models import AuditEntry, Comment, Post, Tag

MENDED: dict[str, Callable[[], Any]] = {}


def mends(*names: str) -> Callable[[Any], Any]:
    """Enter a function as the mended form of programs."""

    def enter(run: Any) -> Any:
        MENDED.update(dict.fromkeys(names, run))
        return run

    return enter


@mends(
    "asked_by_the_test", "async_code_for_each_row", "async_generator", "gather_over_helper",
    "helper_of_the_test_gathered", "in_bulk_of_one", "loop_in_another_file", "loop_over_aget", "loop_over_get",
    "task_group", "values_and_then_get",
)  # fmt: skip
def authors_in_bulk() -> list[str]:
    posts = list(Post.objects.all())
    authors = User.objects.in_bulk([post.author_id for post in posts])
    return [authors[post.author_id].username for post in posts]


@mends("as_completed", "gather_of_to_thread", "not_thread_sensitive", "to_thread", "while_loop", "workers_of_a_queue")
def users_by_name() -> list[str]:
    users = User.objects.in_bulk(USERNAMES, field_name="username")
    return [users[name].username for name in USERNAMES]


@mends("loop_over_aget_by_unique_name")
def tags_by_name() -> int:
    tags = Tag.objects.in_bulk(NAMES, field_name="name")
    return sum(tags[name].pk for name in NAMES)


@mends("view_that_gets_by_number", "walk_to_the_root")
def tags_by_number() -> list[str]:
    first = Tag.objects.order_by("pk").values_list("pk", flat=True)[0]
    tags = Tag.objects.in_bulk(range(first, first + 9))
    return [tag.name for tag in tags.values()]


@mends("async_comprehension", "gather_over_aget", "map_of_an_executor")
def posts_by_title() -> list[str]:
    posts = {post.title: post for post in Post.objects.filter(title__in=TITLES)}
    return [posts[title].content for title in TITLES]


@mends(
    "few_of_each", "first_of_each", "last_of_each", "latest_of_each", "prefetch_broken_by_last", "query_two_calls_deep",
    "streamed_response",
)  # fmt: skip
def newest_comments() -> list[str]:
    newest = Prefetch("comments", queryset=Comment.objects.order_by("-pk")[:2], to_attr="newest")
    return [post.newest[0].content for post in Post.objects.prefetch_related(newest)]


@mends("prefetch_broken_by_an_order", "prefetch_broken_by_filter", "prefetch_broken_by_filter_in_sync_code")
def chosen_comments() -> int:
    chosen = Comment.objects.filter(content__endswith="1").order_by("-content")
    posts = Post.objects.prefetch_related(Prefetch("comments", queryset=chosen, to_attr="chosen"))
    return sum(len(post.chosen) for post in posts)


@mends("prefetch_broken_by_values")
def names_of_tags() -> list[str]:
    posts = Post.objects.prefetch_related(Prefetch("tags", queryset=Tag.objects.only("name"), to_attr="named"))
    return [tag.name for post in posts for tag in post.named]


@mends("count_of_each", "gathered_by_map", "loop_in_an_async_view")
def counted_comments() -> list[int]:
    return [post.comments__count for post in Post.objects.annotate(Count("comments"))]


@mends("template_that_counts")
def counted_tags() -> list[int]:
    return [post.tags__count for post in Post.objects.annotate(Count("tags"))]


@mends("generic_count")
def counted_reactions() -> list[int]:
    return [post.reactions__count for post in Post.objects.annotate(Count("reactions"))]


@mends("constant_list_in_each")
def counted_of_some() -> list[int]:
    some = Q(comments__content__in=["Comment 0", "Comment 1"])
    return [post.some for post in Post.objects.annotate(some=Count("comments", filter=some))]


@mends("exists_for_each", "rows_by_anext")
def posts_with_comments() -> list[str]:
    comments = Comment.objects.filter(post=OuterRef("pk"), content="Comment 1")
    return [post.title for post in Post.objects.annotate(commented=Exists(comments)) if post.commented]


@mends("aggregate_of_each")
def newest_keys() -> list[int]:
    return [post.comments__id__max for post in Post.objects.annotate(Max("comments__id"))]


@mends("generic_sum")
def summed_reactions() -> list[int]:
    return [post.reactions__count__sum for post in Post.objects.annotate(Sum("reactions__count"))]


@mends("gather_behind_a_semaphore", "loop_with_break_and_else", "submits_to_an_executor")
def names_that_exist() -> list[bool]:
    there = set(User.objects.filter(username__in=USERNAMES).values_list("username", flat=True))
    return [name in there for name in USERNAMES]


@mends("signal_receiver")
def keys_that_exist() -> list[bool]:
    posts = list(Post.objects.all())
    there = set(User.objects.filter(pk__in=[post.author_id for post in posts]).values_list("pk", flat=True))
    return [post.author_id in there for post in posts]


@mends("validation_in_a_loop")
def validated_but_for_authors() -> list[bool]:
    comments = list(Comment.objects.filter(content="Comment 0"))
    keys = [comment.author_id for comment in comments]
    there = set(User.objects.filter(pk__in=keys).values_list("pk", flat=True))
    for comment in comments:
        comment.full_clean(exclude=["post", "author"])
    return [key in there for key in keys]


@mends("validation_of_unique_names")
def validated_but_for_names() -> list[bool]:
    names = ["d", "e", "f"]
    there = set(Tag.objects.filter(name__in=names).values_list("name", flat=True))
    for name in names:
        Tag(name=name).full_clean(exclude=["name"])
    return [name in there for name in names]


class NameForm(Form):
    """A tag's form without what looks for other tags."""

    name = CharField(max_length=100)


@mends("validation_of_forms")
def forms_without_names() -> list[bool]:
    names = ["d", "e", "f"]
    there = set(Tag.objects.filter(name__in=names).values_list("name", flat=True))
    return [NameForm({"name": name}).is_valid() and name not in there for name in names]


@mends("second_database")
def entries_that_exist() -> list[bool]:
    there = set(AuditEntry.objects.filter(action__in=TITLES).values_list("action", flat=True))
    return [title in there for title in TITLES]


@mends("tasks_in_a_loop")
def counted_by_title() -> list[int]:
    rows = Post.objects.filter(title__in=TITLES).values("title").annotate(Count("pk"))
    counts = {row["title"]: row["pk__count"] for row in rows}
    return [counts[title] for title in TITLES]


@mends("deferred_field", "only_and_then_more")
def with_the_field() -> int:
    return sum(len(post.content) for post in Post.objects.only("title", "content"))


@mends("refreshed_one_by_one")
def read_again() -> int:
    posts = list(Post.objects.all())
    return len(Post.objects.in_bulk([post.pk for post in posts]))


@mends("raw_in_a_loop", "walk_of_a_chain")
def all_at_once() -> list[str]:
    return [comment.content for comment in Comment.objects.filter(content="Comment 0").order_by("pk")]


@mends("cursor_in_a_loop")
def one_statement() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT views FROM sample_app_post")
        return cursor.fetchall()


@mends("indexed_queryset")
def evaluated() -> list[str]:
    posts = list(Post.objects.order_by("pk"))
    return [posts[index].title for index in range(len(TITLES))]


@mends("prefetch_of_one_at_a_time", "prefetched_one_by_one")
def prefetched_together() -> int:
    posts = list(Post.objects.all())
    prefetch_related_objects(posts, "tags")
    return sum(len(post.tags.all()) for post in posts)


@mends("rows_of_the_table_between")
def rows_between() -> int:
    posts = list(Post.objects.all())
    return len(Post.tags.through.objects.filter(post__in=posts))


@mends("number_that_does_not_change")
def asked_once() -> list[float]:
    # Once before the loop.
    total = Post.objects.count()
    return [tag.uses / total for tag in Tag.objects.annotate(uses=Count("posts"))]


@mends("rows_by_a_method")
def posts_of_all() -> list[str]:
    users = list(User.objects.all())
    posts = Post.objects.filter(author__username__in=[user.username for user in users])
    return [post.title for post in posts]


@mends("recursion_over_a_tree")
def prefetched_tree() -> list[list[str]]:
    tag = Tag.objects.get(name=NAMES[0])
    return [[comment.content for comment in post.comments.all()] for post in tag.posts.prefetch_related("comments")]


@mends("inner_of_two_loops")
def comments_with_authors() -> list[str]:
    comments = Prefetch("comments", queryset=Comment.objects.select_related("author"))
    return [
        comment.author.username for post in Post.objects.prefetch_related(comments) for comment in post.comments.all()
    ]
