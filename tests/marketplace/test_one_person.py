"""A number and a hidden person that turn out to be one: nothing of either is lost."""

from marketplace.models import Conversation, Customer, InboundMessage, ServiceRequest
from notifications import contacts
from tests.factories import a_customer, a_request
from tests.providers.factories import NOON


def test_talks_messages_and_requests_of_both_become_those_of_one(db: None) -> None:
    by_number = a_customer(phone_number="+237699000077")
    hidden = contacts.note_inbound(sender="whatsapp:CM.77", at=NOON)
    by_id = Customer.objects.create(contact=hidden)
    requests = {a_request(customer=by_number).pk, a_request(customer=by_id).pk}
    for person in (by_number.contact, hidden):
        Conversation.objects.create(contact=person, opened_at=NOON, last_message_at=NOON)
        InboundMessage.objects.create(
            contact=person, message_sid=f"SM{person.pk}", received_at=NOON, due_at=NOON, body="Bonjour"
        )
    person = contacts.note_inbound(sender="whatsapp:+237699000077", external_user_id="whatsapp:CM.77", at=NOON)
    assert person == by_number.contact
    assert set(ServiceRequest.objects.filter(customer=by_number).values_list("pk", flat=True)) == requests
    assert InboundMessage.objects.filter(contact=person).count() == 2
    assert Conversation.objects.filter(contact=person).count() == 2
    assert Conversation.objects.filter(contact=person, is_open=True).count() == 1
    assert not Customer.objects.filter(pk=by_id.pk).exists()
