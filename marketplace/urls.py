"""The addresses of the marketplace: Twilio's inbound webhook and the action links."""

from django.urls import path

from marketplace import action_pages, webhooks

urlpatterns = [
    path("webhooks/twilio/inbound/", webhooks.inbound, name="twilio-inbound"),
    path("go/<str:token>/", action_pages.page, name="action-link"),
]
