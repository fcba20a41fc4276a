"""Links by which staff act on an alert from an SMS or a mail, where an answer would not reach us."""

from datetime import datetime, timedelta
from typing import Final

from . import tokens
from .models import AlertLink, EscalationAlert, OnCallPerson

GOOD_FOR: Final = timedelta(hours=72)


def make(alert: EscalationAlert, *, person: OnCallPerson | None, email: str = "", at: datetime) -> str:
    """A new link for one person (or an address of the standing list) to one alert; returns its whole address."""
    token = tokens.new_token()
    AlertLink.objects.create(
        token_sha256=tokens.digest(token), alert=alert, person=person, email=email, expires_at=at + GOOD_FOR
    )
    return tokens.address(token)


def find(token: str) -> AlertLink | None:
    """The link of this token; None for a forged one."""
    if not tokens.is_token(token):
        return None
    links = AlertLink.objects.select_related("alert", "person__user")
    return links.filter(token_sha256=tokens.digest(token)).first()


def is_good(link: AlertLink, at: datetime) -> bool:
    """Whether it may still be used: not too old, and of somebody who still takes part."""
    return link.expires_at > at and (link.person is None or link.person.is_active)
