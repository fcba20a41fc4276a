"""The words about a request that runs: where it stands, its end, its rating, and the person who did not come."""

from marketplace.models import Job, JobStatus, RequestStatus, ServiceRequest
from marketplace.ratings import UNHAPPY

from .replies import choice, human_choice, restart_choice, star_choices
from .turn import Reply
from .words import gettext as _
from .words import spoken


def nothing_running() -> Reply:
    return Reply(
        _("You have no request running. Tell me what you need and where, and I look for somebody."),
        (choice("menu:services", _("See the services")), human_choice()),
    )


def status(request: ServiceRequest, job: Job | None) -> Reply:
    what = {"service": request.service.name_in(spoken()), "zone": request.zone}
    buttons = (choice(f"request:{request.pk}:cancel", _("Cancel it")), human_choice())
    if job is not None:
        return Reply(_job_status(job, what), (choice(f"noshow:{job.pk}:ask", _("Nobody came")), *buttons))
    texts = {
        RequestStatus.SEARCHING: _(
            "%(service)s in %(zone)s: I am asking professionals and write as soon as one accepts."
        ),
        RequestStatus.WAITING: _(
            "%(service)s in %(zone)s: nobody is free yet. I keep trying and write to you at once."
        ),
    }
    text = texts.get(RequestStatus(request.status), _("%(service)s in %(zone)s: it is being taken care of."))
    return Reply(text % what, buttons)


def _job_status(job: Job, what: dict[str, object]) -> str:
    facts = what | {"name": job.provider.name, "number": job.provider.phone_number}
    texts = {
        JobStatus.ON_THE_WAY: _("%(name)s (%(number)s) is on the way for %(service)s in %(zone)s."),
        JobStatus.STARTED: _("%(name)s (%(number)s) is at work: %(service)s in %(zone)s."),
    }
    text = texts.get(JobStatus(job.status), _("%(name)s (%(number)s) takes your job: %(service)s in %(zone)s."))
    return text % facts


def already_running(request: ServiceRequest, job: Job | None) -> Reply:
    known = status(request, job)
    return Reply(
        _("You already have this request:") + "\n" + known.text,
        (*known.choices, choice("menu:another", _("One more job"))),
    )


def ask_cancel_reason(request: ServiceRequest) -> Reply:
    return Reply(
        _("Cancel your request (%(service)s)? Tell me why, or keep it.")
        % {"service": request.service.name_in(spoken())},
        (
            choice("cancel:solved", _("Problem solved")),
            choice("cancel:too_long", _("It takes too long")),
            choice("cancel:other_person", _("I found somebody")),
            choice("cancel:keep", _("Keep my request")),
        ),
    )


def cancelled() -> Reply:
    return Reply(_("Your request is cancelled. Whenever you need us, write to me."), (restart_choice(),))


def draft_dropped() -> Reply:
    return Reply(_("All right, I forget that. What do you need instead?"))


def nothing_to_cancel() -> Reply:
    return Reply(_("There is nothing to cancel. What do you need?"))


def cannot_cancel() -> Reply:
    return Reply(_("This request has ended already. What do you need?"))


def kept() -> Reply:
    return Reply(_("Your request goes on. I keep you informed."))


def ask_no_show(job: Job) -> Reply:
    return Reply(
        _("I am sorry. Did %(name)s not come? I can look for somebody else at once.") % {"name": job.provider.name},
        (
            choice(f"noshow:{job.pk}:yes", _("Find somebody else")),
            choice(f"noshow:{job.pk}:late", _("Remind him, I wait")),
            human_choice(),
        ),
    )


def no_show_noted() -> Reply:
    return Reply(_("I am sorry about that. I look for somebody else at once and write to you."))


def reminded(job: Job) -> Reply:
    return Reply(
        _("I ask %(name)s at once; in 15 minutes our team calls. You can call, too: %(number)s.")
        % {"name": job.provider.name, "number": job.provider.phone_number}
    )


def work_begun(job: Job) -> Reply:
    return Reply(
        _("%(name)s says that the work has begun. Call: %(number)s, or talk to a person of the team.")
        % {"name": job.provider.name, "number": job.provider.phone_number},
        (human_choice(),),
    )


def complaint_noted() -> Reply:
    return Reply(_("I am sorry. I have written it down for the team, who hear both sides and write to you."))


def still_waiting(job: Job) -> Reply:
    return Reply(
        _("All right. You can call %(name)s: %(number)s.")
        % {"name": job.provider.name, "number": job.provider.phone_number}
    )


def ask_stars(job: Job) -> Reply:
    return Reply(
        _("How was %(name)s, from 1 (bad) to 5 (very good)?") % {"name": job.provider.name},
        star_choices("rate", job.pk),
    )


def rated(stars: int) -> Reply:
    if stars <= UNHAPPY:
        return Reply(
            _("Thank you for saying so, I am sorry. Do you want to tell a person of the team?"), (human_choice(),)
        )
    return Reply(_("Thank you for your rating! See you soon."))


def already_rated() -> Reply:
    return Reply(_("You have rated this job already, thank you!"))


def change_of_matched() -> Reply:
    return Reply(
        _("Somebody has this job already. Call them to agree on a change, or talk to a person of the team."),
        (human_choice(), choice("menu:status", _("Who comes?"))),
    )


def number_noted(number: str, job: Job | None) -> Reply:
    if job is not None:
        return Reply(
            _("Thank you, %(name)s knows now that your number is %(number)s.")
            % {"name": job.provider.name, "number": number}
        )
    return Reply(_("Thank you. Whoever takes your job can call you: %(number)s.") % {"number": number})


def added(has_location: bool, has_media: bool) -> Reply:  # noqa: FBT001  two facts of one message
    if has_media:
        return Reply(_("I keep your photo or voice note with your request. I write to you as soon as there is news."))
    if has_location:
        return Reply(_("Thank you for the location, it is with your request now."))
    return Reply(_("Noted, the landmark is with your request now."))
