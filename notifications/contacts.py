"""People: who writes to us, who wants no more, and whether we may write now."""

import logging
import re
import unicodedata
from datetime import datetime, timedelta
from typing import Final

from django.contrib.postgres.search import SearchQuery
from django.db import transaction
from django.db.models import Q, QuerySet

from .models import Contact, UnreachableMark
from .models.contact import NAME_WORDS
from .signals import contacts_joined

logger = logging.getLogger(__name__)

WINDOW: Final = timedelta(hours=24)  # WhatsApp's service window after the person's last message
UNREACHABLE_FOR: Final = timedelta(days=7)
# Whole messages only: "stop" inside a sentence is a word like any other.
OPT_OUT_WORDS: Final = frozenset(
    {"stop", "arret", "arrete", "arreter", "desabonner", "unsubscribe", "stopall"}
    | {"arretez", "stop all", "stop messages", "desinscrire", "me desinscrire", "desinscription", "desabonnement"}
    | {"stop am", "no send again", "no write me again", "leave me"}  # Pidgin
)
OPT_IN_WORDS: Final = frozenset(
    {"start", "reprendre", "demarrer", "unstop", "restart", "recommencer", "reabonner", "me reabonner", "subscribe"}
    | {"start again", "start am again"}  # Pidgin
)


def folded(text: str) -> str:
    """The text in small letters without accents; whatever has no such letter is left out."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def _bare(text: str) -> str:
    return re.sub(r"[^a-z ]+", "", folded(text)).strip()


def is_opt_out(text: str) -> bool:
    """Whether the whole message asks us to stop writing."""
    return _bare(text) in OPT_OUT_WORDS


def is_opt_in(text: str) -> bool:
    """Whether the whole message takes an opt-out back."""
    return _bare(text) in OPT_IN_WORDS


@transaction.atomic
def for_number(phone_number: str, *, language: str = "") -> Contact:
    """The contact with this E.164 number, made if there is none."""
    contact, _ = Contact.objects.get_or_create(
        phone_number=phone_number, defaults={"language": language} if language else {}
    )
    return contact


@transaction.atomic
def for_email(email: str) -> Contact:
    """The contact with this address, made if there is none."""
    contact, _ = Contact.objects.get_or_create(email=email)
    return contact


def split_address(address: str) -> tuple[str | None, str | None]:
    """(number, WhatsApp id) of an address as Twilio writes it: `whatsapp:+237…`, `+237…` or `whatsapp:CM.…`."""
    bare = address.strip().removeprefix("whatsapp:").strip()
    if re.fullmatch(r"\+[1-9][0-9]{6,14}", bare):
        return bare, None
    return None, bare[:140] or None


@transaction.atomic
def note_inbound(*, sender: str, external_user_id: str = "", profile_name: str = "", at: datetime) -> Contact:
    """Find, join or make the contact that wrote; opens its 24-hour window and lifts its unreachable marks.

    A person is the WhatsApp id, else the number; the first message that carries both joins the two.
    Raises `ValueError` for an empty address.
    """
    number, hidden = split_address(sender)
    whatsapp_id = split_address(external_user_id)[1] if external_user_id else hidden
    contact = _one_person(number, whatsapp_id) or find_or_make(number, whatsapp_id)
    contact.last_inbound_at = max(at, contact.last_inbound_at) if contact.last_inbound_at else at
    if profile_name and not contact.name:
        contact.name = profile_name[:120]
    contact.save(update_fields=["last_inbound_at", "name"])
    UnreachableMark.objects.filter(contact=contact).delete()
    return contact


@transaction.atomic
def find_or_make(number: str | None, whatsapp_id: str | None) -> Contact:
    """The contact with this number or WhatsApp id, made if there is none; whoever shows both is joined.

    Raises `ValueError` when both are empty.
    """
    if not number and not whatsapp_id:
        raise ValueError("The sender's address is empty.")
    by_id = Contact.objects.filter(whatsapp_id=whatsapp_id).first() if whatsapp_id else None
    by_number = Contact.objects.filter(phone_number=number).first() if number else None
    contact = by_id or by_number
    if contact is None:
        contact, _ = Contact.objects.get_or_create(
            **({"phone_number": number} if number else {"whatsapp_id": whatsapp_id}),
        )
    shown = []
    if number and not contact.phone_number and by_number is None:
        contact.phone_number = number
        shown.append("phone_number")
    if whatsapp_id and not contact.whatsapp_id and by_id is None:
        contact.whatsapp_id = whatsapp_id
        shown.append("whatsapp_id")
    if shown:  # these columns only: the row is not locked, and an opt-out of this moment must not be undone
        contact.save(update_fields=shown)
    return contact


def _one_person(number: str | None, whatsapp_id: str | None) -> Contact | None:
    """The joined contact where a number and an id, known apart so far, now show up together; else None."""
    if not number or not whatsapp_id:
        return None
    rows = Contact.objects.select_for_update(no_key=True).order_by("pk")
    both = list(rows.filter(Q(phone_number=number) | Q(whatsapp_id=whatsapp_id)))
    apart = [c for c in both if c.phone_number == number] + [c for c in both if c.whatsapp_id == whatsapp_id]
    if len(both) < 2 or apart[0].whatsapp_id or apart[1].phone_number:  # noqa: PLR2004  a pair
        return None  # one row, or two people: an id belongs to one number, and a number may get a new owner
    return join(*apart)


@transaction.atomic
def join(kept: Contact, gone: Contact) -> Contact:
    """Make one person of two locked rows: all that hangs on `gone` hangs on `kept` from now on.

    An opt-out of either holds. Other apps clear what cannot stand twice when they hear `contacts_joined`, inside this
    transaction. Returns the row that is kept.
    """
    _hand_over(kept, gone)
    whatsapp_id, email = gone.whatsapp_id, kept.email or gone.email
    written = [moment for moment in (kept.last_inbound_at, gone.last_inbound_at) if moment]
    gone.delete()
    kept.whatsapp_id, kept.email, kept.name = whatsapp_id, email, kept.name or gone.name
    kept.last_inbound_at = max(written, default=None)
    kept.opted_out_at = kept.opted_out_at or gone.opted_out_at
    kept.save()
    logger.info("contact %d is joined with another", kept.pk)
    return kept


def _hand_over(kept: Contact, gone: Contact) -> None:
    contacts_joined.send(sender=Contact, kept=kept, gone=gone)
    UnreachableMark.objects.filter(contact=gone).delete()
    for relation in Contact._meta.related_objects:  # noqa: SLF001  public
        rows = relation.related_model._base_manager.filter(**{relation.field.name: gone})  # noqa: SLF001
        rows.update(**{relation.field.name: kept})


@transaction.atomic
def claim_number(contact: Contact, number: str) -> bool:
    """Give a locked contact the number that this person has proved to own. False: somebody else writes from it.

    A row that was only ever written to is merged into this one; an opt-out of either holds.
    """
    other = Contact.objects.select_for_update(no_key=True).filter(phone_number=number).exclude(pk=contact.pk).first()
    if contact.phone_number or (other and (other.whatsapp_id or other.last_inbound_at)):
        return contact.phone_number == number
    if other is not None:
        _hand_over(contact, other)
        other.delete()
        contact.opted_out_at = contact.opted_out_at or other.opted_out_at
    contact.phone_number = number
    contact.save(update_fields=["phone_number", "opted_out_at"])
    return True


def opt_out(contact: Contact, *, at: datetime) -> bool:
    """Write nothing more to this person, but answers; False: was so already."""
    return bool(Contact.objects.filter(pk=contact.pk, opted_out_at__isnull=True).update(opted_out_at=at))


def opt_in(contact: Contact, *, at: datetime) -> bool:  # noqa: ARG001  the same shape as opt_out
    """Take an opt-out back; False: there was none."""
    return bool(Contact.objects.filter(pk=contact.pk, opted_out_at__isnull=False).update(opted_out_at=None))


def mark_unreachable(contact: Contact, channel: str, code: str, *, at: datetime) -> None:
    """Leave this address alone for a week, unless the person writes."""
    UnreachableMark.objects.update_or_create(
        contact=contact, channel=channel, defaults={"until": at + UNREACHABLE_FOR, "code": code}
    )


def window_is_open(contact: Contact | None, at: datetime) -> bool:
    """Whether WhatsApp takes free text: the person wrote within the last 24 hours."""
    return contact is not None and contact.last_inbound_at is not None and contact.last_inbound_at > at - WINDOW


def found_in(contacts: QuerySet[Contact], text: str) -> QuerySet[Contact]:
    """Those of `contacts` whose names have words that begin with each word of `text`, or whose WhatsApp id it begins."""
    words = re.findall(r"[^\W_]+", text)
    query = SearchQuery(" & ".join(f"{word}:*" for word in words), search_type="raw", config="simple")
    named = Q(words=query) if words else Q(pk__in=[])
    return contacts.alias(words=NAME_WORDS).filter(named | Q(whatsapp_id__startswith=text))
