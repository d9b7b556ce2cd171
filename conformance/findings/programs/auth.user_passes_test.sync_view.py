"""`user_passes_test()` with a coroutine function, around a sync view, has the user loaded in that coroutine."""

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    SECRET_KEY="key",
)
django.setup()
from django.contrib.auth import login
from django.contrib.auth.decorators import user_passes_test
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import User
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.management import call_command
from django.test import RequestFactory

call_command("migrate", verbosity=0)
user = User.objects.create_user("joan", password="secret")


async def is_joan(user: User) -> bool:
    return user.username == "joan"


def asked(test) -> str:
    request = RequestFactory().get("/")
    request.session = SessionStore()
    login(request, user)
    AuthenticationMiddleware(lambda request: None).process_request(request)
    try:
        return user_passes_test(test)(lambda request: "the view")(request)
    except Exception as error:
        return type(error).__name__


print("sync:  ", asked(lambda user: user.username == "joan"))
print("async: ", asked(is_joan))
