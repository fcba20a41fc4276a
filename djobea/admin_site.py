"""The order of work in the sidebar: what needs somebody now, then the work, then what is set up once.

Shown by `djobea.site`; titles are translated when a page asks, in the reader's language.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from djobea.models import SavedList


@dataclass(frozen=True)
class Item:
    """One line: the model's admin page, shown to whoever may look at it."""

    title: Any
    icon: str
    model: str  # "app.model"; empty: the dashboard
    query: str = ""
    badge: str = ""
    page: str = ""  # a page of that model other than its list, by the name of its address

    def as_entry(self, request: HttpRequest) -> dict[str, Any]:
        """What Unfold wants to know."""
        link = _address(self.model, self.page)
        return {
            "title": capfirst(self.title),
            "icon": self.icon,
            "link": link + self.query,
            "active": _is_shown(request, link, self.query) if self.model else request.path == link,
            **self._badge(request),
        }

    def _badge(self, request: HttpRequest) -> dict[str, str]:
        """What waits, asked here: the theme would show an empty one as a coloured spot."""
        said = import_string(self.badge)(request) if self.badge else ""
        return {"badge": said} if said else {}

    def may_be_seen_by(self, request: HttpRequest) -> bool:
        """Whether the page would open."""
        app, _dot, model = self.model.partition(".")
        user: Any = request.user
        return not model or any(user.has_perm(f"{app}.{right}_{model}") for right in ("view", "change"))


MOST_SAVED: Final = 12  # in the sidebar
DEAD: Final = "?status__exact=dead"
GROUPS: Final[tuple[tuple[Any, bool, tuple[Item, ...]], ...]] = (
    (
        _("Now"),
        False,
        (
            Item(_("Dashboard"), "dashboard", ""),
            Item(
                _("Alerts"),
                "notification_important",
                "notifications.escalationalert",
                badge="djobea.dashboard.count_alerts",
            ),
            Item(_("Queue"), "schedule_send", "notifications.notification"),
            Item(
                _("Dead letters"),
                "unsubscribe",
                "notifications.notification",
                DEAD,
                badge="djobea.dashboard.count_dead_letters",
            ),
            Item(_("By cause"), "category", "notifications.notification", page="notifications_notification_causes"),
        ),
    ),
    (
        _("Work"),
        False,
        (
            Item(
                _("Request board"),
                "view_kanban",
                "marketplace.servicerequest",
                page="marketplace_servicerequest_board",
            ),
            Item(_("Requests"), "home_repair_service", "marketplace.servicerequest"),
            Item(
                _("Inbox"),
                "forum",
                "marketplace.conversation",
                badge="marketplace.admin.conversations.count_waiting",
                page="marketplace_conversation_inbox",
            ),
            Item(_("Jobs"), "handyman", "marketplace.job"),
            Item(_("Customers"), "person", "marketplace.customer"),
            Item(_("Personal data"), "shield_person", "marketplace.privacyrequest"),
        ),
    ),
    (
        _("Network"),
        False,
        (
            Item(_("Providers"), "engineering", "providers.provider"),
            Item(_("Demand and supply"), "map", "marketplace.matchrun", page="marketplace_matchrun_network"),
            Item(_("Recruit next"), "person_search", "marketplace.matchrun", page="marketplace_matchrun_recruit"),
            Item(_("Numbers to check"), "phone_missed", "providers.numbertocheck"),
            Item(_("Applications"), "person_add", "marketplace.application"),
            Item(_("Zones"), "location_on", "providers.zone"),
            Item(_("Services"), "plumbing", "providers.service"),
            Item(_("Cities"), "location_city", "providers.city"),
        ),
    ),
    (
        _("Settings"),
        True,
        (
            Item(_("Channels"), "cell_tower", "notifications.channel"),
            Item(_("Playbook"), "menu_book", "notifications.channel", page="notifications_channel_playbook"),
            Item(_("Twilio accounts"), "account_balance_wallet", "notifications.account"),
            Item(_("On-call people"), "support_agent", "notifications.oncallperson"),
            Item(_("Escalation steps"), "stairs", "notifications.escalationstep"),
            Item(_("Maintenance"), "construction", "notifications.maintenance"),
            Item(_("Webhooks"), "webhook", "notifications.webhooksubscription"),
            Item(_("Templates"), "description", "notifications.messagetemplate"),
            Item(_("Vocabulary"), "dictionary", "marketplace.vocabularyentry"),
            Item(_("Score weights"), "balance", "providers.scoreweights"),
            Item(_("Saved lists"), "bookmark", "djobea.savedlist"),
            Item(_("Contacts"), "contacts", "notifications.contact"),
            Item(_("Users"), "manage_accounts", "auth.user"),
            Item(_("Groups"), "group", "auth.group"),
            Item(_("Access attempts"), "lock_person", "axes.accessattempt"),
        ),
    ),
    (
        _("Records"),
        True,
        (
            Item(_("Staff actions"), "history", "notifications.staffaction"),
            Item(_("Attempts"), "call_made", "notifications.attempt"),
            Item(_("Receipts"), "done_all", "notifications.receipt"),
            Item(_("Inbound messages"), "inbox", "marketplace.inboundmessage"),
            Item(_("Offers"), "local_offer", "marketplace.offer"),
            Item(_("Match runs"), "manage_search", "marketplace.matchrun"),
            Item(_("Events"), "timeline", "marketplace.event"),
            Item(_("Quotes"), "request_quote", "marketplace.quote"),
            Item(_("Ratings"), "star", "marketplace.rating"),
            Item(_("Workers"), "memory", "notifications.heartbeat"),
            Item(_("Duties"), "event_repeat", "notifications.scheduledrun"),
            Item(_("Self-tests"), "fact_check", "djobea.selftestresult"),
            Item(_("Components"), "monitor_heart", "djobea.componentstate"),
            Item(_("Self-audit"), "rule", "djobea.auditresult"),
            Item(_("Erased people"), "person_off", "djobea.erasedperson"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar for this person."""
    groups = []
    for title, folds, items in GROUPS:
        shown = [item.as_entry(request) for item in items if item.may_be_seen_by(request)]
        if shown:
            is_open = any(item["active"] for item in shown)
            groups.append({"title": title, "collapsible": folds, "is_open": is_open, "items": shown})
    if saved := saved_lists(request):
        groups.insert(1, {"title": _("Saved lists"), "collapsible": False, "items": saved})
    return groups


def saved_lists(request: HttpRequest) -> list[dict[str, Any]]:
    """The lists that the team has named; a page that this person may not open says so itself."""
    if not request.user.has_perm("djobea.view_savedlist"):
        return []
    here = request.get_full_path()
    return [
        {"title": row.name, "icon": "bookmark", "link": row.address, "active": here == row.address}
        for row in SavedList.objects.all()[:MOST_SAVED]
    ]


@cache
def _address(model: str, page: str) -> str:
    """The page that a line leads to, without its query."""
    if not model:
        return reverse("admin:index")
    app, name = model.split(".")
    return reverse(f"admin:{page or f'{app}_{name}_changelist'}")


def _is_shown(request: HttpRequest, link: str, query: str) -> bool:
    """Whether the page that is open belongs to this line; the queue and its dead letters share an address."""
    if not request.path.startswith(link) or any(request.path.startswith(page) for page in _pages_below(link)):
        return False
    if link.endswith("/matchrun/") and request.path.endswith(("/network/", "/recruit/")):
        return False
    is_dead = request.GET.get("status__exact") == "dead"
    return is_dead == (query == DEAD) if link.endswith("/notification/") else True


def _pages_below(link: str) -> list[str]:
    """The lines that lead to a page below this one, and so are shown instead of it."""
    links = [_address(item.model, item.page) for _title, _folds, items in GROUPS for item in items if item.page]
    return [page for page in links if page != link and page.startswith(link)]
