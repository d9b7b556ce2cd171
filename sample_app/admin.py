"""The admin of posts and what belongs to them."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from sample_app.models import AuditEntry, Comment, Post, Tag


class CommentInline(admin.TabularInline):
    """A post's comments, below it."""

    model = Comment
    extra = 0
    # A select box of every user would be a query for each row.
    raw_id_fields = ("author",)


@admin.register(Post)
class PostAdmin(admin.ModelAdmin):
    """Posts, in as many queries for a page of them as for one."""

    list_display = ("title", "author", "published", "views", "created_at")
    list_filter = ("published",)
    list_select_related = ("author",)
    search_fields = ("title",)
    date_hierarchy = "created_at"
    raw_id_fields = ("author",)
    filter_horizontal = ("tags",)
    inlines = (CommentInline,)


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    """Comments, each with its post."""

    list_display = ("content", "post", "author", "created_at")
    raw_id_fields = ("post", "author")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Comment]:
        """Comments with their posts and authors, by one query."""
        return super().get_queryset(request).select_related("post", "author")


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    """Tags."""

    search_fields = ("name",)


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):
    """What was done; nobody changes it."""

    list_display = ("action", "happened_at")

    def has_change_permission(self, _: HttpRequest, __: AuditEntry | None = None) -> bool:
        """Nobody may change an entry."""
        return False
