"""The trace of what people did by hand: who, why, when, how many; and how far a long action has come."""

from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications import staff_actions
from notifications.models import ActionStatus, StaffAction, StaffActionLine, StaffDeed
from notifications.staff_actions import Selection

from .acting import ICONS, OF_CHANNELS, address_of, reasons_of, words_of
from .base import ConsoleAdmin, Deed, LargeTableMixin, ReadOnlyMixin, badge, link_to

TONES: Final = {ActionStatus.RUNNING: "busy", ActionStatus.DONE: "good", ActionStatus.STOPPED: "bad"}
SHOWN: Final = 50


def _stop(action: StaffAction, user: Any, at: datetime) -> str:
    done = staff_actions.stop(action, by=user.get_username(), at=at)
    return _("Stopped; what is done stays done.") if done else ""


def words_of_action(action: StaffAction) -> str:
    """What an action was about."""
    if action.deed in OF_CHANNELS:
        return action.channel
    return words_of(Selection.from_json(action.selection))


@admin.register(StaffAction)
class StaffActionAdmin(LargeTableMixin, ReadOnlyMixin, ConsoleAdmin[StaffAction]):
    list_display = ["begun_at", "what", "by", "why", "done_count", "left", "state"]
    list_display_links = ["begun_at"]
    list_filter = ["deed", "status"]
    search_fields = ["by", "why"]
    story_template = "admin/notifications/staff_action.html"
    fieldsets = [(gettext_lazy("Facts"), {"fields": ["begun_at", "finished_at", "expected", "note"]})]
    deeds = [Deed("stop", gettext_lazy("Stop"), _stop, lambda row, _at: row.status == ActionStatus.RUNNING)]

    def story(self, row: StaffAction, at: datetime) -> dict[str, Any]:  # noqa: ARG002  as the others
        lines = row.lines.select_related("notification").order_by("-pk")[:SHOWN]
        selection = Selection.from_json(row.selection)
        return {
            "trace": row,
            "icon": ICONS[StaffDeed(row.deed)],
            "tone": TONES[ActionStatus(row.status)],
            "is_running": row.status == ActionStatus.RUNNING,
            "what": words_of_action(row),
            "list_address": "" if row.deed in OF_CHANNELS else address_of(selection),
            "reasons": reasons_of(row.skipped),
            "lines": list(lines),
            "shown": SHOWN,
        }

    @admin.display(description=gettext_lazy("action"))
    def what(self, row: StaffAction) -> str:
        return format_html(
            '<b>{}</b><br><span class="dj-soft dj-clip">{}</span>', row.get_deed_display(), words_of_action(row)
        )

    @admin.display(description=gettext_lazy("left as they were"))
    def left(self, row: StaffAction) -> int:
        return row.skipped_count

    @admin.display(description=gettext_lazy("status"))
    def state(self, row: StaffAction) -> str:
        return badge(row.get_status_display(), TONES[ActionStatus(row.status)])

    def has_view_permission(self, request: HttpRequest, obj: StaffAction | None = None) -> bool:
        """Whoever may look at the messages may see what was done with them."""
        return super().has_view_permission(request, obj) or request.user.has_perm("notifications.view_notification")


@admin.register(StaffActionLine)
class StaffActionLineAdmin(LargeTableMixin, ReadOnlyMixin, ConsoleAdmin[StaffActionLine]):
    sortable_by = ["pk"]
    list_display = ["pk", "message", "done", "status_before", "channel_before", "error_before"]
    list_select_related = ["notification", "action"]
    ordering = ["-pk"]

    @admin.display(description=gettext_lazy("message"))
    def message(self, row: StaffActionLine) -> str:
        return link_to(row.notification)

    @admin.display(description=gettext_lazy("action"))
    def done(self, row: StaffActionLine) -> str:
        return link_to(row.action)
