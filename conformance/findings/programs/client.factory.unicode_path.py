"""`AsyncRequestFactory` garbles a path with letters beyond ASCII."""

import django
from django.conf import settings

settings.configure(SECRET_KEY="secret")
django.setup()
from django.test import AsyncRequestFactory, RequestFactory

print("sync: ", RequestFactory().get("/café/").path)
print("async:", AsyncRequestFactory().get("/café/").path)
