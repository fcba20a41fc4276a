"""Djobea with one more address: a bare view that checks the signature and inserts one row, the measure of `intake.py`."""

import json
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "djobea.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from djobea import urls
from notifications.signatures import signed_by_twilio


@csrf_exempt
@signed_by_twilio
def bare(request: HttpRequest) -> HttpResponse:
    """The least that an intake can do."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO benchmark_bare (message_sid, body, payload) VALUES (%s, %s, %s)",
            [request.POST["MessageSid"], request.POST["Body"], json.dumps(request.POST.dict())],
        )
    return HttpResponse("<Response/>", content_type="text/xml")


urls.urlpatterns.append(path("bare/", bare))
