"""Messages about quotes: the question to the customer, the answer to the provider."""

from datetime import datetime

from django.utils import translation

from marketplace import action_links, notices
from marketplace.dialogue import quote_replies
from marketplace.models import Quote
from notifications import outbox


def ask_customer(quote: Quote, *, at: datetime) -> None:
    """Ask whether the amount is right; an SMS carries a link instead of the question."""
    contact = quote.job.request.customer.contact
    with translation.override(contact.language):
        reply = quote_replies.ask_approval(quote)
        link = action_links.make(
            "quote", quote.pk, language=contact.language, expires_at=at + notices.LINK_LASTS, at=at
        )
        outbox.enqueue(
            purpose="quote",
            contact=contact,
            body=reply.text,
            sms_body=quote_replies.approval_by_sms(quote, link),
            choices=[{"id": choice["id"], "title": choice["title"]} for choice in reply.choices],
            language=contact.language,
            reference=f"quote:{quote.pk}",
            dedupe_key=f"quote:{quote.pk}",
            at=at,
        )


def tell_provider(quote: Quote, *, at: datetime) -> None:
    """Tell what the customer answered."""
    provider = quote.job.provider
    with translation.override(provider.language):
        text = quote_replies.answered(quote)
    notices.tell_provider(
        provider,
        "quote",
        text,
        language=provider.language,
        reference=f"quote:{quote.pk}",
        key=f"quote-answered:{quote.pk}",
        at=at,
    )
