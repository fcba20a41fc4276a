"""What a customer reports while a job runs or after it: nobody came, late, done, not content."""

from datetime import timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from marketplace import job_reports, jobs, service_requests
from marketplace.models import Job
from marketplace.understanding.folding import fold

from . import job_replies, takeover
from .choosing import phrases
from .turn import Reply, Step, Turn

DID_NOT_COME: Final = (
    "pas venu",
    "pas encore venu",
    "jamais venu",
    "n est pas arrive",
    "pas arrive",
    "pas encore arrive",
    "personne n est venu",
    "personne n est passe",
    "no come",
    "never come",
    "didn t come",
    "did not come",
    "not come",
    "no show",
    "no don come",
    "no reach",
)
IS_LATE: Final = (
    "en retard",
    "il tarde",
    "elle tarde",
    "tarde trop",
    "tarde a venir",
    "met trop de temps",
    "dure trop",
    "is late",
    "he late",
    "too late",
    "taking too long",
    "di delay",
    "dey delay",
)
COMPLAINT_WITHIN: Final = timedelta(days=7)  # after the job was given
IS_DONE: Final = phrases(
    "c est fini|c est termine|termine|fini|travail termine|le travail est termine|le travail est fini|il a fini|"
    "elle a fini|il a termine|elle a termine|c est repare|c est deja fini|done|finished|it is done|the work is done|"
    "he has finished|he is done|work don finish|e don finish|he don finish"
)
COMPLAINS: Final = (
    "plainte",
    "me plaindre",
    "reclamation",
    "mal fait",
    "mal travaille",
    "arnaque",
    "voleur",
    "pas content",
    "pas contente",
    "mecontent",
    "mecontente",
    "complain",
    "complaint",
    "bad work",
    "not happy",
    "cheated",
    "thief",
    "spoil my",
)


def answer(turn: Turn) -> Reply | None:
    """A report in words; None: the message is none, or there is no job that it could be about."""
    if turn.heard.choice:
        return None
    for attempt in (_answer_no_show, _answer_late, _answer_done, _answer_complaint):
        if reply := attempt(turn):
            return reply
    return None


def is_report(turn: Turn) -> bool:
    """Whether these words are about a job of this person, so that they are not taken for a command."""
    text = turn.heard.text
    if says_nobody_came(text):
        return True
    return (_says(text, IS_LATE) and _live_job(turn) is not None) or (
        _says(text, COMPLAINS) and _recent_job(turn) is not None
    )


def says_nobody_came(text: str) -> bool:
    """Whether somebody complains that the provider is not there, in French, English or Pidgin."""
    return _says(text, DID_NOT_COME)


def _says(text: str, phrases_of: tuple[str, ...]) -> bool:
    said = f" {fold(text)} "
    return any(f" {words} " in said for words in phrases_of)


def _live_job(turn: Turn) -> Job | None:
    request = service_requests.current_for(turn.contact)
    return jobs.live_job_for(request) if request else None


def _recent_job(turn: Turn) -> Job | None:
    recent = Job.objects.filter(request__customer__contact=turn.contact, assigned_at__gt=turn.at - COMPLAINT_WITHIN)
    return recent.order_by("-pk").first()


def _answer_no_show(turn: Turn) -> Reply | None:
    """ "Il n'est pas venu" while a job is open."""
    job = _live_job(turn) if says_nobody_came(turn.heard.text) else None
    return no_show(turn, job, "ask") if job else None


def _answer_late(turn: Turn) -> Reply | None:
    """ "Il est en retard" while somebody is awaited: a reminder, at once."""
    job = _live_job(turn) if _says(turn.heard.text, IS_LATE) else None
    return no_show(turn, job, "late") if job else None


def _answer_done(turn: Turn) -> Reply | None:
    """The customer says first that the work is done: the job ends, and stars are asked for."""
    if fold(turn.heard.text) not in IS_DONE or not turn.draft.is_empty:
        return None
    job = _live_job(turn)
    if job is None or not jobs.finish(job, by="customer", at=turn.at):
        return None
    return turn.ask(Step.MENU, job_replies.ask_stars(job))


def _answer_complaint(turn: Turn) -> Reply | None:
    """Not content with a job of this week: kept, told to staff, and a person takes the conversation."""
    if not _says(turn.heard.text, COMPLAINS):
        return None
    job = _recent_job(turn)
    if job is None:
        return None
    job_reports.complain(job, by_customer=True, words=turn.heard.text, at=turn.at)
    takeover.call_human(turn.conversation, why=_("The customer complains about a job."), at=turn.at)
    return job_replies.complaint_noted()


def no_show(turn: Turn, job: Job, value: str) -> Reply:
    """What follows when nobody came: "ask" what is wanted; "yes" somebody else, "late" a reminder, "no" to wait."""
    if value == "ask":
        return turn.ask(Step.MENU, job_replies.ask_no_show(job))
    turn.rest()
    if value == "yes":
        reported = jobs.report_no_show(job, by="customer", at=turn.at)
        return job_replies.no_show_noted() if reported else job_replies.cannot_cancel()
    if value == "late":
        return job_replies.reminded(job) if job_reports.report_late(job, at=turn.at) else job_replies.work_begun(job)
    return job_replies.still_waiting(job)
