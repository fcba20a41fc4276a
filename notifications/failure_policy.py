"""What a failure means and what is done about it: a table, one row a code.

Source of Twilio's codes: `data/twilio_errors.csv` (Twilio's error dictionary and pages); the codes of the network and
of our own rules stand below. A code below 10000 is not Twilio's. `docs/runbook.md` is written from this table.
"""

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.utils.translation import get_language

SOURCE: Final = Path(__file__).parent / "data" / "twilio_errors.csv"


class Scope(StrEnum):
    """Whose failure it is."""

    MESSAGE = "message"
    RECIPIENT = "recipient"
    CHANNEL = "channel"
    ACCOUNT = "account"
    TEMPLATE = "template"
    WEBHOOK = "webhook"


class Action(StrEnum):
    """What is done about it; the design's section 4 says each in a line."""

    RETRY = "retry"
    SLOW_DOWN = "slow_down"
    WAIT_FOR_SLOT = "wait_daily_reset"
    NEXT_CHANNEL = "next_channel"
    PAUSE = "pause_channel_escalate"
    MARK_UNREACHABLE = "mark_unreachable"
    FIX_TEMPLATE = "fix_template"
    OPT_OUT = "opt_out"
    ALERT_ONLY = "alert_only"
    DROP = "drop"


@dataclass(frozen=True)
class Failure:
    """One row of the policy; `remedy_*` is the runbook text that staff read."""

    code: str
    title: str
    cause: str
    scope: Scope
    action: Action
    remedy_en: str
    remedy_fr: str

    @property
    def remedy(self) -> str:
        """The runbook text in the language that is on."""
        return self.remedy_en if (get_language() or "fr").startswith("en") else self.remedy_fr


OURS: Final = (
    Failure(
        "network",
        "The channel could not be reached",
        "The connection was refused or the name not found; the message has surely not left.",
        Scope.MESSAGE,
        Action.RETRY,
        "The network or the provider is down. Messages are tried again by themselves; check the line if it lasts.",
        "Le réseau ou le fournisseur est en panne. Les messages sont réessayés d'eux-mêmes ; vérifiez la ligne si cela dure.",
    ),
    Failure(
        "window",
        "Outside the 24-hour window",
        "The person has not written for 24 hours and no approved template fits.",
        Scope.RECIPIENT,
        Action.NEXT_CHANNEL,
        "Give this purpose an approved WhatsApp template, or set up SMS.",
        "Donnez à ce motif un modèle WhatsApp approuvé, ou configurez le SMS.",
    ),
    Failure(
        "unreachable",
        "The address is marked unreachable",
        "Earlier messages to this address failed for good.",
        Scope.RECIPIENT,
        Action.NEXT_CHANNEL,
        "Check the person's number, or call. The mark lifts when the person writes to us.",
        "Vérifiez le numéro de la personne, ou appelez. La marque s'efface quand la personne nous écrit.",
    ),
    Failure(
        "unconfigured",
        "The channel is not set up",
        "A message needs a channel that has no sender in the settings.",
        Scope.CHANNEL,
        Action.NEXT_CHANNEL,
        "Fill in TWILIO_WHATSAPP_FROM, TWILIO_SMS_FROM or EMAIL_URL and start the worker again.",
        "Remplissez TWILIO_WHATSAPP_FROM, TWILIO_SMS_FROM ou EMAIL_URL et redémarrez le worker.",
    ),
    Failure(
        "no_receipt",
        "No receipt came",
        "The channel accepted the message but nobody confirmed its arrival; the phone may be off or we may be blocked.",
        Scope.RECIPIENT,
        Action.NEXT_CHANNEL,
        "Nothing to do; for an urgent job, call the person.",
        "Rien à faire ; pour une urgence, appelez la personne.",
    ),
    Failure(
        "failure_rate",
        "Most messages fail on this channel",
        "Most calls of the last five minutes failed, and not through their recipients.",
        Scope.CHANNEL,
        Action.PAUSE,
        "Look at the newest failed attempts of the channel. It tries one message again by itself, and opens when it passes.",
        "Regardez les dernières tentatives échouées du canal. Il réessaie un message de lui-même, et s'ouvre quand il passe.",
    ),
    Failure(
        "not_known",
        "A person does not know in time",
        "The message had to be known by a certain time, and no receipt says that it arrived.",
        Scope.RECIPIENT,
        Action.ALERT_ONLY,
        "Call the people of these messages.",
        "Appelez les personnes de ces messages.",
    ),
    Failure(
        "email",
        "The mail server refused",
        "The mail server answered that it will not take this message.",
        Scope.MESSAGE,
        Action.RETRY,
        "Check EMAIL_URL and the person's address.",
        "Vérifiez EMAIL_URL et l'adresse de la personne.",
    ),
    Failure(
        "internal",
        "A fault of our own",
        "Djobea itself failed on this message.",
        Scope.MESSAGE,
        Action.RETRY,
        "Show the message's history to an engineer; then retry it.",
        "Montrez l'historique du message à un technicien, puis réessayez.",
    ),
    Failure(
        "lost",
        "Nobody knows whether it left",
        "The line broke or the worker died in mid-call, and Twilio's list does not show the message.",
        Scope.MESSAGE,
        Action.RETRY,
        "It is sent again and marked as a possible duplicate.",
        "Il est renvoyé et marqué comme doublon possible.",
    ),
)  # fmt: skip


@lru_cache(maxsize=1)
def table() -> dict[str, Failure]:
    """All rows by code."""
    with SOURCE.open(encoding="utf-8", newline="") as lines:
        twilio = [
            Failure(
                row["code"],
                row["title"],
                row["cause"],
                Scope(row["scope"]),
                Action(row["action"]),
                row["runbook_en"],
                row["runbook_fr"],
            )
            for row in csv.DictReader(lines)
        ]
    return {failure.code: failure for failure in (*twilio, *OURS)}


def is_known(code: str) -> bool:
    """Whether the table has a row for this code."""
    return code in table()


def failure_for(code: str) -> Failure:
    """The policy for `code`; an unknown one is retried, and staff are told its number."""
    return table().get(code) or Failure(
        code,
        f"Unknown error {code}",
        f"The code {code} is not in the policy table.",
        Scope.MESSAGE,
        Action.RETRY,
        f"Look up {code} in Twilio's error dictionary, then add it to the table.",
        f"Cherchez {code} dans le dictionnaire d'erreurs de Twilio, puis ajoutez-le à la table.",
    )


def describe(code: str) -> str:
    """Code and title in one line, for lists; empty for no code."""
    return f"{code} · {failure_for(code).title}" if code else ""
