"""The pages of the second step: ask for the code, and enrol a phone."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_otp import login as note_verified
from django_otp import match_token
from unfold.widgets import UnfoldAdminTextInputWidget

from djobea import two_factor


class CodeForm(forms.Form):
    """A code as people type it, spaces and all."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false", "autocapitalize": "none"}
        ),
    )

    def clean_code(self) -> str:
        return "".join(str(self.cleaned_data["code"]).split()).lower()


@never_cache
@sensitive_post_parameters()
@login_required(login_url="admin:login")
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a code of the phone, or a recovery code."""
    if not two_factor.has_factor(request.user):
        return redirect("second_step_enrol")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = match_token(request.user, form.cleaned_data["code"])
        if device is not None:
            note_verified(request, device)
            return redirect(_next(request))
        form.add_error("code", _("This code is not right, or was used already. After wrong codes, wait a little."))
    return _page(request, "djobea/second_step.html", title=_("Second step"), form=form)


@never_cache
@sensitive_post_parameters()
@login_required(login_url="admin:login")
def enrol(request: HttpRequest) -> HttpResponse:
    """Show the square, take the first code, then show the recovery codes once."""
    user: Any = request.user
    if two_factor.has_factor(user) and not user.is_verified():
        return redirect("second_step")  # a stolen password must not bring a phone of its own
    device = two_factor.device_to_confirm(user)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if two_factor.confirm(device, form.cleaned_data["code"]):
            note_verified(request, device)
            codes = two_factor.new_recovery_codes(user)
            return _page(request, "djobea/recovery_codes.html", title=_("Recovery codes"), codes=codes)
        form.add_error("code", _("This is not the code that the phone shows now. Is its clock right?"))
    return _page(
        request,
        "djobea/second_step_enrol.html",
        title=_("Enrol a phone"),
        form=form,
        picture=two_factor.picture(device),
        secret=two_factor.secret_in_words(device),
    )


def _page(request: HttpRequest, template: str, **facts: Any) -> HttpResponse:
    context = {**admin.site.each_context(request), "next": _next(request), **facts}
    return TemplateResponse(request, template, context)


def _next(request: HttpRequest) -> str:
    """Where the person wanted to go; only within this house."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("admin:index")
