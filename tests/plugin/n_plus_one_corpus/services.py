"""Functions that programs of other files call: the query stands here, the loop there."""

from __future__ import annotations

from n_plus_one_corpus.rows import User
from sample_app.models import Comment, Post


async def author_of(post: Post) -> User:
    return await User.objects.aget(pk=post.author_id)  # query of loop_in_another_file


def latest_comment(post: Post) -> Comment | None:
    comments = post.comments.order_by("-pk")
    return comments.first()  # query of query_two_calls_deep


def teaser(post: Post) -> str:
    comment = latest_comment(post)
    return "" if comment is None else comment.content[:20]


def count_of_users() -> int:
    return User.objects.count()


def posts_of(username: str) -> list[Post]:
    return list(Post.objects.filter(author__username=username))


def authors_of_two() -> list[str]:
    posts = Post.objects.order_by("pk")[:2]
    return [post.author.username for post in posts]
