"""`uvicorn sample_app.asgi:application`, after `python -m sample_app seed 100`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sample_app.settings.sqlite_immediate")
application = get_asgi_application()

# Not in AppConfig.ready(): only the server needs to be watched, not every command.
from sample_app.utils.async_db_monitor import monitor  # noqa: E402 - needs the settings

monitor.install()
