"""Take one message, find who must answer it, say the answer, remember what was asked."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.utils import translation

from marketplace import conversations, jobs, notices, quotes
from marketplace.models import Conversation, InboundMessage
from notifications import contacts
from providers.models import Provider

from . import (
    command_replies,
    commands,
    customer,
    flood,
    joining,
    outage_replies,
    privacy_replies,
    provider,
    replies,
    running,
)
from .hearing import as_facts, hear
from .turn import Draft, Reply, Step, Turn

# Who is asked in turn; the first that has an answer gives it, and the customer's part always has one.
PARTS: Final[tuple[Callable[[Turn], Reply | None], ...]] = (commands.answer, joining.answer, provider.answer)
YES_OR_NO: Final = frozenset({Step.CONFIRM})


def advance(message: InboundMessage, *, at: datetime, reading: Mapping[str, Any] | None = None) -> None:
    """Answer one message and move its conversation on.

    Belongs into the transaction that has locked the contact. Every message gets an answer, except while an operator
    has the conversation and beyond 20 replies a minute. `reading`: see `marketplace.language_model`.
    """
    conversation, is_new_person = conversations.open_for(message.contact, at=at)
    message.conversation = conversation
    conversation.last_message_at = max(conversation.last_message_at, at)
    if conversation.operator_id is not None:
        _listen_only(message, conversation, at)
        return
    found = flood.allowance(message.contact, at)
    if found.left <= 1:
        _calm_down(message, conversation, found, at)
        return
    turn = _turn(message, conversation, is_new_person=is_new_person, at=at, reading=reading)
    with translation.override(turn.language):
        reply = _answer(turn)
        _remember(turn)
        _say(turn, reply)


def _turn(
    message: InboundMessage,
    conversation: Conversation,
    *,
    is_new_person: bool,
    at: datetime,
    reading: Mapping[str, Any] | None,
) -> Turn:
    writer = provider.provider_of(message.contact.phone_number)
    turn = Turn(
        message=message,
        conversation=conversation,
        contact=message.contact,
        at=at,
        heard=hear(
            message,
            offered=conversation.slots.get("choices", []),
            state=_state(message, conversation, writer, at),
            language=conversation.language,
            at=at,
            reading=reading,
        ),
        draft=Draft.from_slots(conversation.slots.get("draft", {})),
        provider=writer,
        is_new_person=is_new_person,
    )
    if is_new_person and turn.heard.language_is_sure and turn.heard.language:
        conversation.language = turn.heard.language
        turn.contact.language = turn.heard.language
        turn.contact.save(update_fields=["language"])
    return turn


def _state(message: InboundMessage, conversation: Conversation, writer: Provider | None, at: datetime) -> str:
    """What an answer may refer to: "offer" (a yes or no), "job", "rating" or nothing in particular."""
    if conversation.step in YES_OR_NO:
        return "offer"
    if conversation.step not in {Step.START, Step.MENU}:
        return ""
    if quotes.open_for(message.contact).exists():
        return "offer"
    if writer is not None:
        if provider.has_open_offers(writer, at):
            return "offer"
        return "job" if jobs.live_job_of(writer) else ""
    return "rating" if running.waits_for_stars(message.contact, at) else ""


def _answer(turn: Turn) -> Reply:
    for part in PARTS:
        if (reply := part(turn)) is not None:
            return reply
    return customer.answer(turn)


def _remember(turn: Turn) -> None:
    turn.slots["draft"] = turn.draft.to_slots()
    turn.conversation.save(update_fields=["step", "slots", "language", "needs_human", "last_message_at"])
    turn.message.understood = as_facts(turn.heard) | {"step": turn.step}
    turn.message.save(update_fields=["understood", "conversation"])


def _say(turn: Turn, reply: Reply) -> None:
    if not reply.text:
        return  # a notice says it
    text = f"{reply.text}\n\n{privacy_replies.first_word()}" if turn.is_new_person else reply.text
    sms_text = replies.as_sms(reply, outage_replies.answer_here(_chat()))
    notices.reply(
        turn.contact,
        text=text,
        sms_text=sms_text,
        choices=[{"id": choice["id"], "title": choice["title"]} for choice in reply.choices],
        language=turn.language,
        message=turn.message,
        at=turn.at,
    )


def _chat() -> str:
    """The address that opens the chat with us."""
    return f"https://wa.me/{settings.TWILIO_WHATSAPP_FROM.removeprefix('whatsapp:+')}"


def _listen_only(message: InboundMessage, conversation: Conversation, at: datetime) -> None:
    """An operator answers; only STOP and START still act at once."""
    if contacts.is_opt_out(message.body):
        contacts.opt_out(message.contact, at=at)
    elif contacts.is_opt_in(message.body):
        contacts.opt_in(message.contact, at=at)
    _keep(message, conversation, {"taken_over": True})


def _calm_down(message: InboundMessage, conversation: Conversation, found: flood.Allowance, at: datetime) -> None:
    """The last reply of the minute, or of the day, is a kind word; after it, silence. STOP is honoured all the same."""
    if contacts.is_opt_out(message.body):
        contacts.opt_out(message.contact, at=at)
    _keep(message, conversation, {"flood": True})
    if found.left == 1:
        with translation.override(conversation.language):
            reply = command_replies.too_many_today() if found.is_spent_for_today else command_replies.too_many()
        notices.reply(
            message.contact, text=reply.text, choices=[], language=conversation.language, message=message, at=at
        )
        if found.is_spent_for_today:
            conversation.needs_human = True
            conversation.save(update_fields=["needs_human"])
        flood.tell_staff(conversation, found, at)


def _keep(message: InboundMessage, conversation: Conversation, understood: dict[str, Any]) -> None:
    message.understood = understood
    message.save(update_fields=["understood", "conversation"])
    conversation.save(update_fields=["last_message_at"])
