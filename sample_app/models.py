"""Posts, comments and tags, and one model for every mapping feature that a check needs."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

# Django finds an app's models here.
from sample_app.model_features import *  # noqa: F403 - which there are depends on Django


class Tag(models.Model):
    """A word that posts are found by; reached through `post.tags`."""

    name = models.CharField(max_length=100, unique=True)

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """What is written, newest first."""

    title = models.CharField(max_length=200)
    content = models.TextField()
    published = models.BooleanField(default=False)
    # Not auto_now_add, which overwrites what the caller gives: imports and tests have dates of their own.
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    views = models.IntegerField(default=0)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="posts")
    tags = models.ManyToManyField(Tag, blank=True, related_name="posts")
    reactions = GenericRelation("sample_app.Reaction", related_query_name="post")

    class Meta:
        # The key decides between posts of one instant: without it the order of a page is the database's whim.
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return self.title


class PublishedPostManager(models.Manager["PublishedPost"]):
    """Sees published posts alone."""

    def get_queryset(self) -> models.QuerySet[PublishedPost]:
        """Published posts."""
        return super().get_queryset().filter(published=True)


class PublishedPost(Post):
    """A proxy: the same rows, seen through a manager that filters."""

    objects: ClassVar[PublishedPostManager] = PublishedPostManager()

    class Meta:
        proxy = True


class Review(Post):
    """Multi-table inheritance: one row in each of two tables."""

    rating = models.SmallIntegerField(default=0)


class Comment(models.Model):
    """What readers say to a post, oldest first; gone with the post."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="comments"
    )
    content = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("created_at", "pk")

    def __str__(self) -> str:
        return self.content


class Profile(models.Model):
    """One for each user at most."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile")
    display_name = models.CharField(max_length=100, blank=True)

    def __str__(self) -> str:
        return self.display_name


class Reaction(models.Model):
    """A generic relation with a unique constraint: one row for each emoji on each object."""

    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    target = GenericForeignKey("content_type", "object_id")
    emoji = models.CharField(max_length=16)
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("content_type", "object_id", "emoji"), name="one_row_for_each_emoji"),
        )

    def __str__(self) -> str:
        return f"{self.emoji} {self.count}"


class Specimen(models.Model):
    """A field of every type whose stored value differs from database to database."""

    decimal = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    json = models.JSONField(null=True)
    uuid = models.UUIDField(default=uuid.uuid4)
    moment = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    time = models.TimeField(null=True)
    duration = models.DurationField(null=True)
    binary = models.BinaryField(null=True)
    text = models.TextField(blank=True)
    big = models.BigIntegerField(default=0)
    small = models.SmallIntegerField(default=0)
    real = models.FloatField(null=True)
    flag = models.BooleanField(null=True)

    def __str__(self) -> str:
        return str(self.uuid)


class AuditEntry(models.Model):
    """Routed to the second database: see `sample_app.routers`."""

    action = models.CharField(max_length=100)
    happened_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("happened_at", "pk")
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return self.action
