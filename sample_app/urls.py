"""Where the views are."""

from django.contrib import admin
from django.urls import path

from sample_app import views

urlpatterns = [
    path("", views.page, name="page"),
    path("posts/", views.posts, name="posts"),
    path("posts/bulk/", views.bulk, name="bulk"),
    path("posts/transfer/", views.transfer, name="transfer"),
    path("posts/overview/", views.overview, name="overview"),
    path("posts/<int:key>/", views.post, name="post"),
    path("database/", views.database, name="database"),
    path("admin/", admin.site.urls),
]
