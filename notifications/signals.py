"""News for other apps."""

from django.dispatch import Signal

# Sent after the commit, at least once, with `notification` and `at`; receivers must be idempotent.
notification_settled = Signal()
# Sent inside the joining transaction, with `kept` and `gone`, two contacts that turned out to be one person: receivers
# clear what one person cannot have twice; foreign keys to `gone` are moved afterwards.
contacts_joined = Signal()
# Sent with `contact` (locked) and `at` before this person is erased: receivers answer with a list of sentences, each a
# reason why it cannot be done now.
erasure_asked = Signal()
# Sent inside the erasing transaction, with `contact`, `pseudonym`, `by` and `at`, before the contact itself is emptied:
# receivers take the person out of their rows and answer with {what: how many rows}.
person_erased = Signal()
