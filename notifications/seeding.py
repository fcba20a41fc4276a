"""The rows of accounts and channels, as the settings name them; run at every start of a worker and by `seed`."""

from django.conf import settings
from django.db import transaction

from . import budget, clock, subscriptions, templates, twilio_client
from .models import Account, Channel, ChannelName


@transaction.atomic
def seed() -> int:
    """Make or correct accounts and channels from the settings, and the templates' rows; returns rows made anew."""
    main = _account(twilio_client.account_sid("main"))
    sms = _account(twilio_client.account_sid("sms"))
    made = _channel(ChannelName.WHATSAPP, main, settings.TWILIO_WHATSAPP_FROM)
    made += _channel(ChannelName.SMS, sms, settings.TWILIO_SMS_FROM)
    made += _channel(ChannelName.EMAIL, None, settings.DEFAULT_FROM_EMAIL if settings.EMAIL_URL else "")
    return made + subscriptions.seed() + templates.seed()


def _account(sid: str) -> Account | None:
    if not sid:
        return None
    account, _ = Account.objects.get_or_create(sid=sid, defaults={"daily_limit": settings.TWILIO_DAILY_LIMIT})
    is_named = settings.TWILIO_DAILY_LIMIT is not None and sid == settings.TWILIO_ACCOUNT_SID
    if is_named and budget.note_limit(account, settings.TWILIO_DAILY_LIMIT, clock.now()):
        account.save(update_fields=["daily_limit", "limit_since"])
    return account


def _channel(name: str, account: Account | None, sender: str) -> int:
    facts = {"account": account, "sender": sender, "is_configured": bool(sender)}
    _, is_new = Channel.objects.get_or_create(name=name, defaults=facts)
    if not is_new:
        Channel.objects.filter(name=name).update(**facts)
    return int(is_new)
