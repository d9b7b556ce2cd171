"""Headers given to `AsyncRequestFactory` arrive under another name: `X-Mark` as `Http-X-Mark`."""

import django
from django.conf import settings

settings.configure(SECRET_KEY="secret")
django.setup()
from django.test import AsyncRequestFactory, RequestFactory

for label, factory in (("sync: ", RequestFactory), ("async:", AsyncRequestFactory)):
    request = factory(headers={"X-Mark": "1"}).get("/")
    print(label, {name: value for name, value in request.headers.items() if "Mark" in name})
