"""The page that erases a person: it shows what would go or what speaks against it, and asks once."""

from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications import clock, erasure
from notifications.models import Contact

from .base import ConsoleAdmin, Deed

WHAT: Final[dict[str, Any]] = {
    "messages": gettext_lazy("Messages to this person lose text and address"),
    "attempts": gettext_lazy("Attempts lose the address"),
    "texts": gettext_lazy("Messages to and about this person lose their text"),
    "inbound": gettext_lazy("Inbound messages lose text, photos and sender"),
    "conversations": gettext_lazy("Conversations end and lose what was said"),
    "requests": gettext_lazy("Requests lose words, place and photos"),
    "jobs": gettext_lazy("Jobs lose reasons and comments; stars and amounts stay"),
    "applications": gettext_lazy("Applications lose name and identity card"),
    "providers": gettext_lazy("The provider loses name, number, notes and hours"),
    "match_runs": gettext_lazy("Match runs lose the name"),
    "log": gettext_lazy("Entries of the log lose the name"),
}


class ErasesPeople(ConsoleAdmin[Contact]):
    """The page `<id>/erase/` of a contact, for whoever may delete contacts."""

    deeds = [
        Deed(
            "erase",
            gettext_lazy("Erase this person"),
            fits=lambda row, _at: not erasure.is_erased(row),
            leads_to=lambda row: reverse("admin:notifications_contact_erase", args=[row.pk]),
        )
    ]

    def has_handle_permission(self, request: HttpRequest) -> bool:
        """Erasing cannot be taken back: it needs the right to delete."""
        return request.user.has_perm("notifications.delete_contact")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.erase_view)
        return [path("<int:pk>/erase/", view, name="notifications_contact_erase"), *super().get_urls()]

    def erase_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the rehearsal; on POST erase, unless something has come up meanwhile."""
        if not self.has_handle_permission(request):
            raise PermissionDenied
        contact = Contact.objects.filter(pk=pk).first()
        if contact is None:
            raise Http404
        by, is_meant = request.user.get_username(), request.method == "POST"
        result = erasure.erase(contact, by=by, at=clock.now(), is_rehearsal=not is_meant)
        if is_meant and not result.obstacles:
            contact.refresh_from_db()
            self.log_change(request, contact, _("Erased."))
            messages.success(request, _("%(who)s was erased; counts and times stay.") % {"who": result.pseudonym})
            return redirect(reverse("admin:notifications_contact_changelist"))
        facts = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Erase this person"),
            "contact": contact,
            "obstacles": result.obstacles,
            "rows": [(WHAT.get(what, what), many) for what, many in result.rows.items() if many],
            "back": self.address_of(contact),
        }
        return render(request, "admin/notifications/erase.html", facts)
