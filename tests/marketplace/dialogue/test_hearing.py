"""What a message says, as the dialogue hears it."""

from datetime import datetime

from django.utils import timezone

from marketplace.models import InboundMessage

from .conftest import Phone


def test_nine_oclock_is_nine_where_people_live(customer: Phone) -> None:
    customer.writes("il me faut un plombier à Akwa demain à 9h")
    wanted = datetime.fromisoformat(InboundMessage.objects.get().understood["scheduled_for"])
    assert timezone.localtime(wanted).hour == 9
    assert timezone.localtime(wanted).date() > timezone.localtime(customer.at).date()
