"""What an answer in TwiML sends, and the words on SMS that Twilio obeys by itself."""

from html.parser import HTMLParser
from typing import Final

from djobea.simulator.webhooks import Answer

# Single words that Twilio itself obeys on SMS.
STOP_WORDS: Final = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "ARRET", "ARRETE", "ARRETT"})
START_WORDS: Final = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS: Final = frozenset({"HELP", "INFO"})
OPT_OUT_REPLIES: Final = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


def opt_out_kind(text: str) -> str:
    """STOP, START or HELP when the whole message is such a word, else nothing."""
    word = text.strip().upper()
    for kind, known in (("STOP", STOP_WORDS), ("START", START_WORDS), ("HELP", HELP_WORDS)):
        if word in known:
            return kind
    return ""


class _Replies(HTMLParser):
    """Collects the texts of `<Message>` in TwiML."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag == "message":
            self._depth += 1
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "message":
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.texts[-1] += data


def replies_in(answer: Answer) -> list[str]:
    """The messages that a TwiML answer sends."""
    if not answer.is_taken or "xml" not in answer.content_type:
        return []
    reader = _Replies()
    reader.feed(answer.text)
    return [text.strip() for text in reader.texts if text.strip()]
