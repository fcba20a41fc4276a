"""An operator takes a conversation over and hands it back; meanwhile the machine keeps quiet."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from marketplace import notices
from marketplace.models import Conversation, InboundMessage
from notifications import escalation
from notifications.models import Contact

from . import command_replies, staff

IDLE: Final = timedelta(minutes=30)  # without a word from the operator


@transaction.atomic
def take_over(conversation: Conversation, *, operator: AbstractBaseUser, at: datetime) -> bool:
    """Let this operator answer alone; false when another one has the conversation, or it has ended."""
    current = _locked(conversation)
    if not current.is_open or (current.operator_id is not None and current.operator_id != operator.pk):
        return False
    current.operator_id = operator.pk
    current.needs_human = False
    current.slots |= {"taken_over_at": at.isoformat()}
    current.save(update_fields=["operator", "needs_human", "slots"])
    escalation.resolve(call_fingerprint(current), by=str(operator), at=at)
    return True


@transaction.atomic
def note_operator_wrote(conversation: Conversation, *, at: datetime) -> None:
    """Start the idle time anew."""
    current = _locked(conversation)
    current.slots |= {"taken_over_at": at.isoformat(), "operator_wrote_at": at.isoformat()}
    current.save(update_fields=["slots"])


@transaction.atomic
def hand_back(conversation: Conversation, *, at: datetime, by: str = "system") -> bool:
    """Let the machine answer again, from the beginning; false when nobody had it."""
    current = _locked(conversation)
    if current.operator_id is None:
        return False
    current.operator = None
    for name in ("taken_over_at", "operator_wrote_at"):
        current.slots.pop(name, None)
    current.slots |= {"handed_back_at": at.isoformat(), "handed_back_by": by}
    current.save(update_fields=["operator", "slots"])
    return True


def hand_back_idle(at: datetime) -> int:
    """Hand back what operators left alone for 30 minutes, and tell staff; returns how many."""
    count = 0
    for conversation in Conversation.objects.filter(is_open=True, operator__isnull=False):
        if _idle_since(conversation) <= at - IDLE and _hand_back_idle(conversation, at):
            count += 1
            staff.tell(
                fingerprint=f"handed-back:{conversation.pk}",
                title=_("A conversation went back to the machine"),
                cause=_("Its operator wrote nothing for %(minutes)d minutes."),
                facts={"minutes": IDLE.seconds // 60},
                remedy=_("Take it over again if the person still needs you."),
                reference=f"conversation:{conversation.pk}",
                at=at,
            )
    return count


@transaction.atomic
def _hand_back_idle(conversation: Conversation, at: datetime) -> bool:
    """Hand it back; whoever wrote meanwhile and got no answer is told so, and goes on waiting for a person."""
    if not hand_back(conversation, at=at):
        return False
    current = Conversation.objects.select_related("contact").get(pk=conversation.pk)
    last = InboundMessage.objects.filter(conversation=current).order_by("-pk").first()
    wrote_at = conversation.slots.get("operator_wrote_at")
    if last is None or (wrote_at and last.received_at <= datetime.fromisoformat(wrote_at)):
        return True
    call_human(current, why=_("They wrote while the operator was away, and nobody answered."), at=at)
    current.save(update_fields=["needs_human"])
    with translation.override(current.language):
        reply = command_replies.machine_again()
    notices.reply(
        current.contact,
        text=reply.text,
        choices=[{"id": choice["id"], "title": choice["title"]} for choice in reply.choices],
        language=current.language,
        message=None,
        at=at,
    )
    return True


def goes_back_at(conversation: Conversation) -> datetime:
    """When a talk that was taken over goes back to the machine, unless its operator writes."""
    return _idle_since(conversation) + IDLE


def call_fingerprint(conversation: Conversation) -> str:
    return f"human:{conversation.pk}"


def call_human(conversation: Conversation, *, why: str | Promise, at: datetime) -> None:
    """Mark the conversation as waiting for a person and alert staff. The caller saves the conversation."""
    conversation.needs_human = True
    staff.tell(
        fingerprint=call_fingerprint(conversation),
        title=_("A person waits for an answer of the team"),
        cause=why,
        remedy=_("Open the conversation, take it over and answer."),
        reference=f"conversation:{conversation.pk}",
        at=at,
    )


def _idle_since(conversation: Conversation) -> datetime:
    slots: dict[str, Any] = conversation.slots
    known = slots.get("taken_over_at")
    return datetime.fromisoformat(known) if known else conversation.last_message_at


def _locked(conversation: Conversation) -> Conversation:
    """Lock in the house's order: the person, then the conversation."""
    Contact.objects.select_for_update(no_key=True).get(pk=conversation.contact_id)
    return Conversation.objects.select_for_update(no_key=True, of=("self",)).get(pk=conversation.pk)
