"""One model for every feature that only newer Djangos have; each is defined where Django has it.

None refers to the older models: with a relation to `Post`, deleting a post would be another operation.
"""

from __future__ import annotations

from decimal import Decimal

import django
from django.db import models
from django.db.models.functions import Concat, Lower, Now, Upper

if django.VERSION >= (5, 0):

    class Crate(models.Model):
        """What parcels are in."""

        name = models.CharField(max_length=50)

        def __str__(self) -> str:
            return self.name

    class Parcel(models.Model):
        """Columns that the database computes and stores, beside a relation; the key is the database's."""

        name = models.CharField(max_length=50)
        weight = models.DecimalField(max_digits=8, decimal_places=2, default=Decimal("1.50"))
        pieces = models.IntegerField(null=True)
        inside = models.ForeignKey(Crate, models.SET_NULL, null=True, related_name="contents")
        total = models.GeneratedField(
            expression=models.F("weight") * models.F("pieces"),
            output_field=models.DecimalField(max_digits=12, decimal_places=2, null=True),
            db_persist=True,
        )
        label = models.GeneratedField(
            expression=Upper("name"), output_field=models.CharField(max_length=50), db_persist=True
        )

        def __str__(self) -> str:
            return self.name

    class Measure(models.Model):
        """Columns that the database computes whenever they are read."""

        name = models.CharField(max_length=50, unique=True)
        amount = models.IntegerField(default=0)
        twice = models.GeneratedField(
            expression=models.F("amount") * 2, output_field=models.IntegerField(), db_persist=False
        )
        label = models.GeneratedField(
            expression=Concat("name", models.Value("!")), output_field=models.CharField(max_length=51), db_persist=False
        )

        class Meta:
            required_db_features = ("supports_virtual_generated_columns",)

        def __str__(self) -> str:
            return self.name

    class Draft(models.Model):
        """Columns whose default is the database's: literals and expressions, of which one may be NULL."""

        slug = models.CharField(max_length=50, unique=True)
        title = models.CharField(max_length=50, db_default="untitled")
        status = models.CharField(max_length=50, db_default=Lower(models.Value("NEW")))
        priority = models.IntegerField(null=True, db_default=3)
        made_at = models.DateTimeField(db_default=Now())

        class Meta:
            required_db_features = ("supports_expression_defaults",)

        def __str__(self) -> str:
            return self.slug

    class Page(models.Model):
        """Reached through `draft.pages`."""

        draft = models.ForeignKey(Draft, models.CASCADE, related_name="pages")
        text = models.CharField(max_length=50, db_default="empty")
        number = models.IntegerField(default=1)

        class Meta:
            required_db_features = ("supports_expression_defaults",)

        def __str__(self) -> str:
            return self.text


if django.VERSION >= (5, 2):

    class Hall(models.Model):
        """Where seats are."""

        name = models.CharField(max_length=50)

        def __str__(self) -> str:
            return self.name

    class Seat(models.Model):
        """A key of two columns, of which one refers to another row."""

        pk = models.CompositePrimaryKey("hall", "number")
        hall = models.ForeignKey(Hall, models.CASCADE, related_name="seats")
        number = models.IntegerField()
        label = models.CharField(max_length=50)
        price = models.IntegerField(null=True)

        def __str__(self) -> str:
            return self.label

    class Booking(models.Model):
        """Refers to a seat by both columns of its key."""

        hall = models.ForeignKey(Hall, models.CASCADE, related_name="bookings")
        number = models.IntegerField()
        guest = models.CharField(max_length=50)
        seat = models.ForeignObject(
            Seat, models.CASCADE, from_fields=("hall", "number"), to_fields=("hall", "number"), related_name="bookings"
        )

        def __str__(self) -> str:
            return self.guest


if django.VERSION >= (6, 1):

    class Shelf(models.Model):
        """What others stand on."""

        name = models.CharField(max_length=50)

        def __str__(self) -> str:
            return self.name

    class Volume(models.Model):
        """Deleted by the database with its shelf."""

        shelf = models.ForeignKey(Shelf, models.DB_CASCADE, related_name="volumes")
        name = models.CharField(max_length=50)

        def __str__(self) -> str:
            return self.name

    class Bookmark(models.Model):
        """Deleted by the database with its volume, which may be deleted by the database itself."""

        volume = models.ForeignKey(Volume, models.DB_CASCADE, related_name="bookmarks")
        leaf = models.IntegerField(default=1)

        def __str__(self) -> str:
            return str(self.leaf)

    class Loan(models.Model):
        """Loses its shelf where that is deleted."""

        shelf = models.ForeignKey(Shelf, models.DB_SET_NULL, null=True, related_name="loans")
        name = models.CharField(max_length=50)

        def __str__(self) -> str:
            return self.name

    class Sticker(models.Model):
        """Goes to the shelf of the number that is the column's default where its own is deleted."""

        shelf = models.ForeignKey(Shelf, models.DB_SET_DEFAULT, db_default=10_000_000, related_name="stickers")
        name = models.CharField(max_length=50)

        class Meta:
            required_db_features = ("supports_on_delete_db_default",)

        def __str__(self) -> str:
            return self.name
