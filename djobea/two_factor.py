"""The second factor of staff: a code from a phone (TOTP), or a recovery code where the phone is lost.

Asked on a page of its own after the password. Whoever has enrolled is always asked; `REQUIRE_TWO_FACTOR` leads the others
to enrol first. Guesses are slowed down by the devices themselves (django-otp), passwords by django-axes.
"""

import base64
import io
from collections.abc import Callable
from typing import Any, Final

import qrcode
import qrcode.image.svg
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

RECOVERY_CODES: Final = 10
CODE_LENGTH: Final = 10
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters that are taken for each other
OPEN_PAGES: Final = ("admin:logout", "admin:jsi18n", "second_step", "second_step_enrol", "set_language")


class TwoFactorMiddleware:
    """Shows the console and the API to a session only after its second step, where one is due."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_api = request.path.startswith("/api/")
        if not (is_api or request.path.startswith(reverse("admin:index"))) or not lacks_step(request.user):
            return self.get_response(request)
        if is_api:
            told = {"type": "about:blank", "title": _("The second step of the sign-in is missing."), "status": 403}
            return JsonResponse(told, status=403, content_type="application/problem+json")
        if request.path in {reverse(name) for name in OPEN_PAGES}:
            return self.get_response(request)
        step = "second_step" if has_factor(request.user) else "second_step_enrol"
        return redirect(reverse(step, query={"next": request.get_full_path()}))


def lacks_step(user: Any) -> bool:
    """Whether this session has given its password but must still show its second factor."""
    if not user.is_authenticated or user.is_verified():
        return False
    return bool(settings.REQUIRE_TWO_FACTOR) or has_factor(user)


def has_factor(user: Any) -> bool:
    """Whether this person has enrolled a phone."""
    return bool(TOTPDevice.objects.devices_for_user(user, confirmed=True).exists())


def device_to_confirm(user: Any) -> TOTPDevice:
    """The phone that is being enrolled: the same secret until a code of it is shown, so that a reload changes nothing."""
    device, _made = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "phone"})
    return device


@transaction.atomic
def confirm(device: TOTPDevice, code: str) -> bool:
    """Take this phone as the person's factor instead of any before it, if the code is of it."""
    locked = TOTPDevice.objects.select_for_update().get(pk=device.pk)
    if not locked.verify_token(code):
        return False
    TOTPDevice.objects.filter(user=locked.user).exclude(pk=locked.pk).delete()
    locked.confirmed = True
    locked.save(update_fields=["confirmed"])
    return True


@transaction.atomic
def new_recovery_codes(user: Any) -> list[str]:
    """Ten codes that work once each, in place of all earlier ones."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery codes", confirmed=True)
    codes = [get_random_string(CODE_LENGTH, ALPHABET) for _number in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


@transaction.atomic
def forget(user: Any) -> bool:
    """Take the factor away, since the phone is lost and no code is left; false: there was none."""
    StaticDevice.objects.filter(user=user).delete()
    return bool(TOTPDevice.objects.filter(user=user).delete()[0])


def picture(device: TOTPDevice) -> str:
    """The square that the phone's camera reads, as an address of a picture."""
    image = qrcode.make(device.config_url, image_factory=qrcode.image.svg.SvgPathFillImage, box_size=8, border=3)
    buffer = io.BytesIO()
    image.save(buffer)
    return f"data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def secret_in_words(device: TOTPDevice) -> str:
    """The secret to be typed where no camera can read: in groups of four."""
    text = base64.b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
