"""What every database's settings share."""

import os

# The sample app holds no secret; a deployment names its own key.
SECRET_KEY = os.environ.get("SAMPLE_APP_SECRET_KEY", "insecure-sample-app-key")
DEBUG = os.environ.get("SAMPLE_APP_DEBUG", "") == "1"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "sample_app",
]
MIDDLEWARE: list[str] = []
DATABASE_ROUTERS = ["sample_app.routers.AuditRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
