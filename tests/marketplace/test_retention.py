from datetime import timedelta

import pytest

from marketplace.models import ActionLink, InboundMessage, InboundStatus
from marketplace.retention import PURGES
from tests.factories import a_contact, an_inbound
from tests.providers.factories import NOON

pytestmark = pytest.mark.django_db


def purge() -> int:
    return sum(run(NOON) for run in PURGES)


def test_old_text_goes_but_its_sid_stays_known() -> None:
    contact = a_contact()
    done = {"status": InboundStatus.PROCESSED}
    old = an_inbound(contact, "secret", at=NOON - timedelta(days=181), **done)
    young = an_inbound(contact, "fresh", at=NOON - timedelta(days=179), **done)
    failed = an_inbound(contact, "unanswered", at=NOON - timedelta(days=181))
    assert purge() == 1
    assert purge() == 0
    bodies = dict(InboundMessage.objects.values_list("message_sid", "body"))
    assert bodies == {old.message_sid: "", young.message_sid: "fresh", failed.message_sid: "unanswered"}


def test_links_go_a_month_after_their_end() -> None:
    for days in (29, 31):
        ActionLink.objects.create(
            token_sha256=str(days), purpose="offer", object_id=1, expires_at=NOON - timedelta(days=days)
        )
    assert purge() == 1
    assert ActionLink.objects.get().token_sha256 == "29"
