"""What clients send, checked before anything is done with it. A refusal is a `BadRequest` that says what is wrong."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest

from sample_app.models import Post
from sample_app.utils.async_transactions import NewComment, NewPost

# The largest key that every database can compare with: a larger number is an error on some, and no row's key on any.
LARGEST_KEY = 2**63 - 1
LARGEST_TITLE: int = Post._meta.get_field("title").max_length or 0
MOST_POSTS = 10_000


def read_object(request: HttpRequest) -> dict[str, Any]:
    """The body as a JSON object. Under ASGI the handler has read it before the view is called: nothing to await."""
    try:
        data = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    except SuspiciousOperation as error:
        raise BadRequest(str(error)) from error
    return _object(data, "the body")


def new_post(data: Any) -> NewPost:
    """From `title`, `content`, and optionally `published`, `author` and `comments`."""
    fields = _object(data, "a post")
    comments = fields.get("comments", [])
    return NewPost(
        title=_text(fields, "title", LARGEST_TITLE),
        content=_text(fields, "content"),
        published=_boolean(fields, "published"),
        author=_optional_key(fields, "author"),
        comments=tuple(_new_comment(item) for item in _list(comments, "comments")),
    )


def new_posts(data: dict[str, Any]) -> list[NewPost]:
    """From `posts`, a list that is not empty."""
    items = _list(_required(data, "posts"), "posts")
    if not 0 < len(items) <= MOST_POSTS:
        raise BadRequest(f"posts must be 1 to {MOST_POSTS} posts: they are {len(items)}")
    return [new_post(item) for item in items]


def changes(data: dict[str, Any]) -> dict[str, Any]:
    """Those of `title`, `content` and `published` that are there; at least one."""
    found: dict[str, Any] = {}
    if "title" in data:
        found["title"] = _text(data, "title", LARGEST_TITLE)
    if "content" in data:
        found["content"] = _text(data, "content")
    if "published" in data:
        found["published"] = _boolean(data, "published")
    if not found:
        raise BadRequest("nothing to change: name title, content or published")
    return found


def key(data: dict[str, Any], name: str) -> int:
    """A required key of a row."""
    _required(data, name)
    found = _optional_key(data, name)
    if found is None:
        raise BadRequest(f"{name} must be a key: it is null")
    return found


def limit(request: HttpRequest, default: int, most: int) -> int:
    """The number `limit` of the query string."""
    text = request.GET.get("limit", str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 0 < int(text) <= most):
        raise BadRequest(f"limit must be a number from 1 to {most}: it is {text!r}")
    return int(text)


def _new_comment(data: Any) -> NewComment:
    fields = _object(data, "a comment")
    return NewComment(content=_text(fields, "content"), author=_optional_key(fields, "author"))


def _required(data: dict[str, Any], name: str) -> Any:
    if name not in data:
        raise BadRequest(f"{name} is missing")
    return data[name]


def _text(data: dict[str, Any], name: str, longest: int | None = None) -> str:
    value = _required(data, name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{name} must be a text that is not empty")
    if longest is not None and len(value) > longest:
        raise BadRequest(f"{name} must have {longest} characters at most: it has {len(value)}")
    # JSON can say both, and no database can store them.
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise BadRequest(f"{name} must not contain NUL or half of a surrogate pair")
    return value


def _boolean(data: dict[str, Any], name: str) -> bool:
    value = data.get(name, False)
    if not isinstance(value, bool):
        raise BadRequest(f"{name} must be true or false")
    return value


def _optional_key(data: dict[str, Any], name: str) -> int | None:
    value = data.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LARGEST_KEY:
        raise BadRequest(f"{name} must be a key, a whole number above zero")
    return value


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest(f"{what} must be an object")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadRequest(f"{what} must be a list")
    return value
