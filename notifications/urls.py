"""The addresses that Twilio calls about our messages."""

from django.urls import path

from . import webhooks

urlpatterns = [path("webhooks/twilio/status/", webhooks.status, name="twilio-status")]
