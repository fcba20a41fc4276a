"""The page that edits one message and sends it again."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from notifications import clock, staff_actions
from notifications.models import ChannelName, Notification, StaffDeed
from notifications.staff_actions import EDITABLE, Fate, Selection, number_prefix

from .acting import ActsOnMessages, ReasonForm, ask, foreseen_facts, way_back


class EditForm(ReasonForm):
    """What may be corrected on a message."""

    body = forms.CharField(label=gettext_lazy("text"), widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}))
    sms_body = forms.CharField(
        label=gettext_lazy("text for SMS"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("Empty: the same text"),
    )
    subject = forms.CharField(
        label=gettext_lazy("subject"), required=False, max_length=200, widget=UnfoldAdminTextInputWidget
    )
    phone_number = forms.CharField(
        label=gettext_lazy("phone number"), required=False, widget=UnfoldAdminTextInputWidget
    )
    email = forms.EmailField(label=gettext_lazy("email"), required=False, widget=UnfoldAdminEmailInputWidget)

    field_order = [*EDITABLE, "why"]

    def clean_phone_number(self) -> str:
        """The number as +237…, however it was written."""
        written: str = self.cleaned_data["phone_number"].strip()
        number = number_prefix(written)
        if written and len(number) < len("+23769900"):
            raise forms.ValidationError(_("This is no phone number: %s") % written)
        return number


class EditsMessages(ActsOnMessages):
    """The page `<id>/edit/` of a message."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.edit_view)
        return [path("<int:pk>/edit/", view, name="notifications_notification_edit"), *super().get_urls()]

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the form with the dry run, and on POST write and send."""
        if not self.has_handle_permission(request):
            raise PermissionDenied
        row = Notification.objects.filter(pk=pk).first()
        if row is None:
            raise Http404
        at, back = clock.now(), reverse("admin:notifications_notification_change", args=[pk])
        if "list" in request.GET:
            back = self.back_address(request)
        form = EditForm(request.POST or None, initial={name: getattr(row, name) for name in EDITABLE})
        if request.method == "POST" and form.is_valid():
            changes: dict[str, str] = {name: form.cleaned_data[name] for name in EDITABLE if name in form.changed_data}
            why = form.cleaned_data["why"]
            fate = staff_actions.edit(pk, changes, by=request.user.get_username(), why=why, at=at)
            if fate == Fate.GO:
                messages.success(request, _("The message was changed and goes out again."))
                return redirect(back)
            form.add_error(None, _("It would not leave: %s.") % fate.label)
        forecast = staff_actions.foresee(StaffDeed.EDIT, Selection.of([pk]), at=at)
        return ask(
            self,
            request,
            **foreseen_facts(StaffDeed.EDIT, forecast, at),
            form=form,
            title=StaffDeed.EDIT.label,
            what=_("Message %(id)d to %(who)s, now on %(channel)s")
            % {"id": pk, "who": row.phone_number or row.email or row.whatsapp_id, "channel": _channel(row.channel)},
            back=back,
            may_do=True,  # what is written now may change what is foreseen
        )


def _channel(name: str) -> str:
    return str(dict(ChannelName.choices).get(name, name))


def edit_address(row: Notification) -> str:
    """The page that edits this message."""
    return f"{reverse('admin:notifications_notification_edit', args=[row.pk])}?{way_back(row)}"
