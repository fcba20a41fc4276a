"""What people wrote while our webhook could not be reached, read from Twilio's message list.

Twilio calls a webhook once more only when the connection fails, and not at all after a 5xx (Twilio, "Webhook
connection overrides"), so whatever a webhook missed is only in the list. The list lags and has gaps: whoever reads it
looks at overlapping windows and knows a message by its SID.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from . import twilio_client
from .models import Channel, ChannelName

logger = logging.getLogger(__name__)
ACCOUNTS: Final = {ChannelName.WHATSAPP: "main", ChannelName.SMS: "sms"}
PAGE_SIZE: Final = 500
MOST: Final = 5000  # rows read of one sender


def listed_inbound(since: datetime) -> Iterator[dict[str, str]]:
    """Messages to our senders since `since`, as the fields of the webhook that should have brought them.

    Ordered oldest first per sender. Calls Twilio, so never inside a transaction. A sender whose list cannot be read
    (its account is refused, Twilio is down) hides nothing of the others; the next run reads it again.
    """
    for channel in Channel.objects.filter(is_configured=True, name__in=list(ACCOUNTS)):
        try:
            listed = _listed(channel, since)
        except twilio_client.NO_ANSWER as error:
            logger.warning("the messages to %s could not be listed: %s", channel.name, type(error).__name__)
            continue
        inbound = [message for message in listed if str(message.direction) == "inbound"]
        for message in sorted(inbound, key=lambda each: each.date_created or since):
            yield {
                "MessageSid": str(message.sid),
                "AccountSid": str(message.account_sid),
                "From": str(message.from_),
                "To": str(message.to),
                "Body": message.body or "",
                "NumMedia": str(message.num_media or "0"),
                "SentAt": (message.date_created or since).isoformat(),
            }


def _listed(channel: Channel, since: datetime) -> list[Any]:
    return twilio_client.ask(
        ACCOUNTS[ChannelName(channel.name)],
        lambda api: list(api.messages.list(to=channel.sender, date_sent_after=since, page_size=PAGE_SIZE, limit=MOST)),
    )


def media_of(fields: Mapping[str, str]) -> dict[str, str]:
    """The webhook's fields for the photos and voice notes of a listed message; empty where it has none.

    Calls Twilio once. Where it does not answer, the message is stored without them: its words matter more.
    """
    if fields.get("NumMedia", "0") == "0":
        return {}
    account = "main" if fields["To"].startswith("whatsapp:") else "sms"
    try:
        media = twilio_client.ask(account, lambda api: list(api.messages(fields["MessageSid"]).media.list(limit=10)))
    except twilio_client.NO_ANSWER as error:
        logger.warning("the media of %s could not be listed: %s", fields["MessageSid"], type(error).__name__)
        return {}
    found: dict[str, str] = {}
    for number, each in enumerate(media):
        found[f"MediaUrl{number}"] = twilio_client.api_base_url() + str(each.uri).removesuffix(".json")
        found[f"MediaContentType{number}"] = str(each.content_type or "")
    return found
