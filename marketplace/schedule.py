"""What of this app is done again and again, and how often."""

from datetime import timedelta

from notifications.schedule import Duty


def duties() -> list[Duty]:
    """The duties of this app."""
    from marketplace import (  # noqa: PLC0415  the table is lowest
        applications,
        conversations,
        degraded,
        dispatch,
        follow_up,
        inbox,
        match_runs,
        number_news,
        quotes,
        returning,
        service_requests,
    )
    from marketplace.dialogue import reminders, takeover  # noqa: PLC0415

    return [
        Duty("marketplace.expire_offers", dispatch.expire_offers, timedelta(seconds=2)),
        Duty("marketplace.explain", match_runs.explain, timedelta(seconds=5)),
        Duty("marketplace.include_returned", returning.include_returned, timedelta(seconds=5)),
        Duty("marketplace.retry_waiting", dispatch.retry_waiting, timedelta(minutes=2)),
        Duty("marketplace.expire_requests", service_requests.expire_requests, timedelta(minutes=1)),
        Duty("marketplace.remind_of_visits", follow_up.remind_of_visits, timedelta(minutes=5)),
        Duty("marketplace.ask_the_late", follow_up.ask_the_late, timedelta(minutes=1)),
        Duty("marketplace.ask_to_confirm", follow_up.ask_to_confirm, timedelta(seconds=30)),
        Duty("marketplace.release_unconfirmed", follow_up.release_unconfirmed, timedelta(seconds=30)),
        Duty("marketplace.call_staff", follow_up.call_staff, timedelta(minutes=1)),
        Duty("marketplace.note_decisions", applications.note_decisions, timedelta(minutes=1)),
        Duty("marketplace.withdraw_quotes", quotes.withdraw_ended, timedelta(minutes=1)),
        Duty("marketplace.tell_waiting", degraded.tell_waiting, timedelta(minutes=1)),
        Duty("marketplace.hand_back_idle", takeover.hand_back_idle, timedelta(minutes=1)),
        Duty("marketplace.remind_drafts", reminders.remind_drafts, timedelta(minutes=10)),
        Duty("marketplace.rest_silent", conversations.rest_silent, timedelta(minutes=10)),
        Duty("marketplace.look_up_doubtful", number_news.look_up_doubtful, timedelta(hours=1), slow=True),
        Duty("marketplace.read_missed", inbox.read_missed, timedelta(minutes=3), slow=True),
        Duty("marketplace.read_missed_day", inbox.read_missed_day, timedelta(hours=1), slow=True),
    ]
