"""Who of the staff may do what: three groups with the least rights that their work needs.

Made and kept in step after each `migrate`: what this table says holds. Other wishes are other groups.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.contrib.auth.models import Group, Permission
from django.db import transaction

SEE: Final = ("view",)
EDIT: Final = ("view", "change")
KEEP: Final = ("view", "add", "change", "delete")

# Group -> what (app.model) and which rights. An operator serves people, a reviewer judges the work without seeing them.
OPERATOR: Final = "operator"
REVIEWER: Final = "reviewer"
MANAGER: Final = "manager"
_WORK: Final = {
    "marketplace": ("servicerequest", "offer", "job", "matchrun", "wave", "event", "quote", "rating"),
    "providers": ("provider", "availability", "zone", "service", "city", "coverage", "standing"),
}
TABLE: Final[dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]]] = {
    OPERATOR: (
        *((app, model, SEE) for app, models in _WORK.items() for model in models),
        ("marketplace", "servicerequest", EDIT),
        ("marketplace", "conversation", EDIT),
        ("marketplace", "customer", SEE),
        ("marketplace", "inboundmessage", SEE),
        ("marketplace", "application", EDIT),
        ("marketplace", "privacyrequest", SEE),
        ("marketplace", "vocabularyentry", ("view", "add")),
        ("providers", "provider", ("view", "add", "change")),
        ("providers", "numbertocheck", SEE),
        ("providers", "availability", KEEP),
        ("notifications", "notification", EDIT),
        ("notifications", "escalationalert", EDIT),
        ("notifications", "contact", EDIT),
        ("notifications", "attempt", SEE),
        ("notifications", "receipt", SEE),
        ("notifications", "channel", SEE),
        ("notifications", "staffaction", SEE),
        ("notifications", "messagetemplate", SEE),
        ("djobea", "savedlist", KEEP),
    ),
    REVIEWER: (
        *((app, model, SEE) for app, models in _WORK.items() for model in models),
        ("marketplace", "vocabularyentry", ("view", "add", "change")),
        ("notifications", "escalationalert", SEE),
        ("notifications", "channel", SEE),
        ("notifications", "messagetemplate", SEE),
        ("djobea", "savedlist", SEE),
        ("djobea", "auditresult", SEE),
        ("djobea", "selftestresult", SEE),
        ("djobea", "componentstate", SEE),
    ),
    MANAGER: (
        ("auth", "user", ("view", "add", "change")),
        ("auth", "group", SEE),
        ("axes", "accessattempt", ("view", "delete")),  # to delete one is to unlock
    ),
}
WHOLE_APPS: Final = {MANAGER: ("providers", "notifications", "marketplace", "djobea")}
SEES_PEOPLE: Final = (OPERATOR, MANAGER)


def rights_of(group: str) -> Iterator[tuple[str, str]]:
    """(app, codename) of each right that the table gives this group; whole apps come on top."""
    for app, model, rights in TABLE[group]:
        yield from ((app, f"{right}_{model}") for right in rights)
    if group in SEES_PEOPLE:
        yield "notifications", "see_personal_data"


@transaction.atomic
def bring_in_step() -> int:
    """Make the groups and give each exactly its rights; returns how many rights were added or taken."""
    known = {
        (row.content_type.app_label, row.codename): row.pk
        for row in Permission.objects.select_related("content_type").order_by("pk")
    }
    changed = 0
    for name in TABLE:
        group, _made = Group.objects.get_or_create(name=name)
        wanted = {known[right] for right in rights_of(name) if right in known} | _whole(name, known)
        held = set(group.permissions.values_list("pk", flat=True))
        group.permissions.add(*wanted - held)
        group.permissions.remove(*held - wanted)
        changed += len(wanted ^ held)
    return changed


def _whole(group: str, known: dict[tuple[str, str], int]) -> set[int]:
    apps: Iterable[str] = WHOLE_APPS.get(group, ())
    return {pk for (app, _codename), pk in known.items() if app in apps}


def after_migrate(**_facts: Any) -> None:
    """Named by `DjobeaConfig.ready`: the last app has its permissions by now."""
    bring_in_step()
