"""The addresses of the marketplace: Twilio's inbound webhook, the action links, and what we keep of people."""

from django.urls import path

from marketplace import action_media, action_pages, public_pages, webhooks

urlpatterns = [
    path("webhooks/twilio/inbound/", webhooks.inbound, name="twilio-inbound"),
    path("go/<str:token>/media/<int:number>/", action_media.show, name="action-media"),
    path("privacy/", public_pages.privacy, name="privacy"),
    path("go/<str:token>/", action_pages.page, name="action-link"),
]
