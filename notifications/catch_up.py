"""What people wrote while our webhook could not be reached, read from Twilio's message list.

Twilio calls a webhook once more only when the connection fails, and not at all after a 5xx (Twilio, "Webhook
connection overrides"), so whatever a webhook missed is only in the list. The list lags and has gaps: whoever reads it
looks at overlapping windows and knows a message by its SID.
"""

from collections.abc import Iterator
from datetime import datetime

from . import twilio_client
from .models import Channel, ChannelName

ACCOUNTS = {ChannelName.WHATSAPP: "main", ChannelName.SMS: "sms"}


def listed_inbound(since: datetime) -> Iterator[dict[str, str]]:
    """Messages to our senders since `since`, as the fields of the webhook that should have brought them.

    Ordered oldest first per sender. Calls Twilio, so never inside a transaction; raises what the client raises.
    """
    for channel in Channel.objects.filter(is_configured=True, name__in=list(ACCOUNTS)):
        account = ACCOUNTS[ChannelName(channel.name)]
        listed = twilio_client.ask(
            account,
            lambda api, sender=channel.sender: api.messages.list(  # type: ignore[misc]
                to=sender, date_sent_after=since, page_size=500, limit=5000
            ),
        )
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
