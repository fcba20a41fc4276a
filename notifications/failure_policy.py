"""What a failure means and what is done about it: a table, one row a code.

Source of Twilio's codes: `data/twilio_errors.csv` (Twilio's error dictionary and pages); the codes of the network and
of our own rules stand below. A code below 10000 is not Twilio's. `docs/runbook.md` is written from this table.
"""

import csv
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.utils.translation import get_language

SOURCE: Final = Path(__file__).parent / "data" / "twilio_errors.csv"
IN_FRENCH: Final = SOURCE.with_name("twilio_errors_fr.csv")


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
    title_en: str
    title_fr: str
    cause_en: str
    cause_fr: str
    scope: Scope
    action: Action
    remedy_en: str
    remedy_fr: str

    @property
    def title(self) -> str:
        """What happened, in the language that is on."""
        return self.title_en if _speaks_english() else self.title_fr

    @property
    def cause(self) -> str:
        """The root cause, in the language that is on."""
        return self.cause_en if _speaks_english() else self.cause_fr

    @property
    def remedy(self) -> str:
        """The runbook text, in the language that is on."""
        return self.remedy_en if _speaks_english() else self.remedy_fr

    def beginning_with(self, words: str, *, remedy_too: bool = False) -> "Failure":
        """The same failure, with what is known of this case before the general cause (and the remedy)."""
        known = replace(self, cause_en=f"{words} {self.cause_en}", cause_fr=f"{words} {self.cause_fr}")
        if not remedy_too:
            return known
        return replace(known, remedy_en=f"{words} {self.remedy_en}", remedy_fr=f"{words} {self.remedy_fr}")


def _speaks_english() -> bool:
    return (get_language() or "fr").startswith("en")


OURS: Final = (
    Failure(
        "network",
        "The channel could not be reached",
        "Canal injoignable",
        "The connection was refused or the name not found; the message has surely not left.",
        "La connexion a été refusée ou le nom est introuvable ; le message n'est sûrement pas parti.",
        Scope.MESSAGE,
        Action.RETRY,
        "The network or the provider is down. Messages are tried again by themselves; check the line if it lasts.",
        "Le réseau ou le fournisseur est en panne. Les messages sont réessayés d'eux-mêmes ; vérifiez la ligne si cela dure.",
    ),
    Failure(
        "window",
        "Outside the 24-hour window",
        "Hors de la fenêtre de 24 heures",
        "The person has not written for 24 hours and no approved template fits.",
        "La personne n'a pas écrit depuis 24 heures et aucun modèle approuvé ne convient.",
        Scope.RECIPIENT,
        Action.NEXT_CHANNEL,
        "Give this purpose an approved WhatsApp template, or set up SMS.",
        "Donnez à ce motif un modèle WhatsApp approuvé, ou configurez le SMS.",
    ),
    Failure(
        "unreachable",
        "The address is marked unreachable",
        "Adresse marquée injoignable",
        "Earlier messages to this address failed for good.",
        "Des messages précédents à cette adresse ont échoué pour de bon.",
        Scope.RECIPIENT,
        Action.NEXT_CHANNEL,
        "Check the person's number, or call. The mark lifts when the person writes to us.",
        "Vérifiez le numéro de la personne, ou appelez. La marque s'efface quand la personne nous écrit.",
    ),
    Failure(
        "unconfigured",
        "The channel is not set up",
        "Canal non configuré",
        "A message needs a channel that has no sender in the settings.",
        "Un message a besoin d'un canal qui n'a pas d'expéditeur dans la configuration.",
        Scope.CHANNEL,
        Action.NEXT_CHANNEL,
        "Fill in TWILIO_WHATSAPP_FROM, TWILIO_SMS_FROM or EMAIL_URL and start the worker again.",
        "Remplissez TWILIO_WHATSAPP_FROM, TWILIO_SMS_FROM ou EMAIL_URL et redémarrez le worker.",
    ),
    Failure(
        "no_receipt",
        "No receipt came",
        "Aucun accusé n'est venu",
        "The channel accepted the message but nobody confirmed its arrival; the phone may be off or we may be blocked.",
        "Le canal a accepté le message, mais personne n'a confirmé son arrivée ; le téléphone est peut-être éteint, ou nous sommes bloqués.",
        Scope.RECIPIENT,
        Action.NEXT_CHANNEL,
        "Nothing to do; for an urgent job, call the person.",
        "Rien à faire ; pour une urgence, appelez la personne.",
    ),
    Failure(
        "failure_rate",
        "Most messages fail on this channel",
        "La plupart des messages échouent sur ce canal",
        "Most calls of the last five minutes failed, and not through their recipients.",
        "La plupart des appels des cinq dernières minutes ont échoué, et pas à cause des destinataires.",
        Scope.CHANNEL,
        Action.PAUSE,
        "Look at the newest failed attempts of the channel. It tries one message again by itself, and opens when it passes.",
        "Regardez les dernières tentatives échouées du canal. Il réessaie un message de lui-même, et s'ouvre quand il passe.",
    ),
    Failure(
        "not_known",
        "A person does not know in time",
        "Une personne ne sait pas à temps",
        "The message had to be known by a certain time, and no receipt says that it arrived.",
        "Le message devait être connu à une certaine heure, et aucun accusé ne dit qu'il est arrivé.",
        Scope.RECIPIENT,
        Action.ALERT_ONLY,
        "Call the people of these messages.",
        "Appelez les personnes de ces messages.",
    ),
    Failure(
        "email",
        "The mail server refused",
        "Le serveur de courriel a refusé",
        "The mail server answered that it will not take this message.",
        "Le serveur de courriel a répondu qu'il ne prend pas ce message maintenant.",
        Scope.MESSAGE,
        Action.RETRY,
        "Check EMAIL_URL and the person's address.",
        "Vérifiez EMAIL_URL et l'adresse de la personne.",
    ),
    Failure(
        "email_login",
        "The mail server refuses our login",
        "Le serveur de courriel refuse notre connexion",
        "User name or password of EMAIL_URL are wrong, or the account is closed.",
        "L'utilisateur ou le mot de passe de EMAIL_URL est faux, ou le compte est fermé.",
        Scope.CHANNEL,
        Action.PAUSE,
        "Correct EMAIL_URL and start the worker again.",
        "Corrigez EMAIL_URL et redémarrez le worker.",
    ),
    Failure(
        "email_address",
        "The mail server knows no such address",
        "Le serveur de courriel ne connaît pas cette adresse",
        "The person's address does not exist or takes no mail from us.",
        "L'adresse de la personne n'existe pas ou ne prend pas nos courriels.",
        Scope.RECIPIENT,
        Action.MARK_UNREACHABLE,
        "Ask the person for the right address.",
        "Demandez la bonne adresse à la personne.",
    ),
    Failure(
        "webhook_answer",
        "A webhook was not taken",
        "Un webhook n'a pas été pris",
        "The program at the webhook's address answered with an error.",
        "Le programme à l'adresse du webhook a répondu par une erreur.",
        Scope.RECIPIENT,
        Action.RETRY,
        "Look at the attempt: it keeps the answer. Tell whoever runs that program; then retry the dead letters.",
        "Regardez la tentative : elle garde la réponse. Prévenez qui exploite ce programme, puis réessayez les messages morts.",
    ),
    Failure(
        "webhook_silent",
        "A webhook's address does not answer",
        "L'adresse d'un webhook ne répond pas",
        "No connection could be made, or no answer came within five seconds.",
        "Aucune connexion n'a pu être faite, ou aucune réponse n'est venue en cinq secondes.",
        Scope.RECIPIENT,
        Action.RETRY,
        "The other program is down or slow. Tell whoever runs it; then retry the dead letters.",
        "L'autre programme est en panne ou lent. Prévenez qui l'exploite, puis réessayez les messages morts.",
    ),
    Failure(
        "webhook_address",
        "A webhook's address is not allowed",
        "L'adresse d'un webhook n'est pas permise",
        "The address is not https, or its host leads into a private network.",
        "L'adresse n'est pas en https, ou son hôte mène dans un réseau privé.",
        Scope.RECIPIENT,
        Action.RETRY,
        "Correct the webhook's address; if its name was public before, somebody may be trying to reach our own network.",
        "Corrigez l'adresse du webhook ; si son nom était public avant, quelqu'un tente peut-être d'atteindre notre réseau.",
    ),
    Failure(
        "webhook_gone",
        "A webhook is not wanted any more",
        "Un webhook n'est plus voulu",
        "The program at the webhook's address answered 410: it does not want to hear from us.",
        "Le programme à l'adresse du webhook a répondu 410 : il ne veut plus rien entendre.",
        Scope.RECIPIENT,
        Action.MARK_UNREACHABLE,
        "The webhook was switched off. Switch it on again when the other side wants it back.",
        "Le webhook a été désactivé. Réactivez-le quand l'autre côté le veut de nouveau.",
    ),
    Failure(
        "internal",
        "A fault of our own",
        "Une faute de chez nous",
        "Djobea itself failed on this message.",
        "Djobea lui-même a échoué sur ce message.",
        Scope.MESSAGE,
        Action.RETRY,
        "Show the message's history to an engineer; then retry it.",
        "Montrez l'historique du message à un technicien, puis réessayez.",
    ),
    Failure(
        "lost",
        "Nobody knows whether it left",
        "Personne ne sait s'il est parti",
        "The line broke or the worker died in mid-call, and Twilio's list does not show the message.",
        "La ligne a coupé ou le worker est mort en plein appel, et la liste de Twilio ne montre pas le message.",
        Scope.MESSAGE,
        Action.RETRY,
        "It is sent again and marked as a possible duplicate.",
        "Il est renvoyé et marqué comme doublon possible.",
    ),
)  # fmt: skip


@lru_cache(maxsize=1)
def table() -> dict[str, Failure]:
    """All rows by code."""
    with SOURCE.open(encoding="utf-8", newline="") as lines, IN_FRENCH.open(encoding="utf-8", newline="") as others:
        french = {row["code"]: row for row in csv.DictReader(others)}
        twilio = [
            Failure(
                row["code"],
                row["title"],
                french[row["code"]]["title"],
                row["cause"],
                french[row["code"]]["cause"],
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
        f"Erreur inconnue {code}",
        f"The code {code} is not in the policy table.",
        f"Le code {code} n'est pas dans la table.",
        Scope.MESSAGE,
        Action.RETRY,
        f"Look up {code} in Twilio's error dictionary, then add it to the table.",
        f"Cherchez {code} dans le dictionnaire d'erreurs de Twilio, puis ajoutez-le à la table.",
    )


def describe(code: str) -> str:
    """Code and title in one line, for lists; empty for no code."""
    return f"{code} · {failure_for(code).title}" if code else ""
