"""Links that let a person act without WhatsApp: made, looked up, superseded."""

from datetime import datetime

from marketplace.models import ActionLink
from notifications import tokens


def make(
    purpose: str, object_id: int, *, language: str, expires_at: datetime, at: datetime, closes_older: bool = True
) -> str:
    """A new link for `purpose` ("offer", "request" or "job") on one object; returns its whole address.

    The newest link of an object is the one that works: older ones are closed, unless `closes_older` is False, for
    links that lead to a page of news, of which the older SMS may be opened again.
    """
    if closes_older:
        supersede(purpose, object_id, at=at)
    token = tokens.new_token()
    ActionLink.objects.create(
        token_sha256=tokens.digest(token),
        purpose=purpose,
        object_id=object_id,
        language=language,
        expires_at=expires_at,
    )
    return tokens.address(token)


def find(token: str, *, at: datetime) -> tuple[ActionLink | None, bool]:
    """The link of this token, and whether it is still good; (None, False) for a forged one."""
    if not tokens.is_token(token):
        return None, False
    link = ActionLink.objects.filter(token_sha256=tokens.digest(token)).first()
    if link is None:
        return None, False
    return link, link.superseded_at is None and link.expires_at > at


def supersede(purpose: str, object_id: int, *, at: datetime) -> int:
    """Close the older links of an object; returns how many."""
    links = ActionLink.objects.filter(purpose=purpose, object_id=object_id, superseded_at__isnull=True)
    return links.update(superseded_at=at)
