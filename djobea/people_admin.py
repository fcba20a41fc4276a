"""Users and groups: who is of the staff, with which rights, and whether a second factor protects them.

Only a superuser makes superusers or touches another superuser; a manager gives groups.
"""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from djobea import two_factor
from notifications.admin.base import ConsoleAdmin, Deed

for _model in (User, Group, TOTPDevice, StaticDevice):  # devices have their pages of the second step; no secrets here
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


def _forget_factor(row: User, _user: Any, _at: Any) -> str:
    return _("The second factor is gone: the next sign-in enrols a new phone.") if two_factor.forget(row) else ""


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ConsoleAdmin[User]):  # type: ignore[type-arg]  # not generic at run time
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "email", "is_staff", "is_active", "has_factor", "last_login"]
    list_filter = ["is_staff", "is_active", "groups"]
    filter_horizontal = ()
    autocomplete_fields = ["groups"]
    fieldsets = [  # no single rights: who needs other ones gets a group that says so
        (None, {"fields": ["username", "password"]}),
        (gettext_lazy("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (gettext_lazy("Rights"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        (gettext_lazy("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    deeds = [
        Deed(
            "forget-factor",
            gettext_lazy("Phone lost: remove the second factor"),
            _forget_factor,
            lambda row, _at: two_factor.has_factor(row),
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        enrolled = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        rows: QuerySet[User] = super().get_queryset(request).annotate(is_enrolled=Exists(enrolled))
        return rows

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = [*super().get_readonly_fields(request, obj), "last_login", "date_joined"]
        return fields if request.user.is_superuser else [*fields, "is_superuser"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def has_handle_permission(self, request: HttpRequest) -> bool:
        """Who may change users may also take a lost phone away; of superusers only their own kind (`do_view`)."""
        return super().has_change_permission(request)

    def do_view(self, request: HttpRequest, object_id: str, deed: str) -> Any:
        """Nobody takes the second factor of a superuser away but a superuser."""
        if not _may_touch(request, self.get_object(request, object_id)):
            messages.error(request, _("Only a superuser may change a superuser."))
            return redirect("admin:auth_user_changelist")
        return super().do_view(request, object_id, deed)

    @admin.display(description=gettext_lazy("second factor"), boolean=True)
    def has_factor(self, row: Any) -> bool:
        return bool(row.is_enrolled)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ConsoleAdmin[Group]):
    pass


def _may_touch(request: HttpRequest, row: Any) -> bool:
    user: Any = request.user
    return row is None or user.is_superuser or not row.is_superuser
