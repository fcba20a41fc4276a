"""Templates for tests."""

from typing import Any

from twilio.rest import Client
from twilio.rest.content.v1.content import ContentInstance, ContentList


def a_content(client: Client, types: dict[str, Any], **facts: Any) -> ContentInstance:
    """Create a template through the real client."""
    wish = {"friendly_name": "essai", "language": "fr", "types": types} | facts
    return client.content.v1.contents.create(ContentList.ContentCreateRequest(wish))
