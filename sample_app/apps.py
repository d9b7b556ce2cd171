"""The app's configuration."""

from django.apps import AppConfig


class SampleAppConfig(AppConfig):
    """Names the app."""

    name = "sample_app"
    default_auto_field = "django.db.models.BigAutoField"
