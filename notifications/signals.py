"""News for other apps."""

from django.dispatch import Signal

# Sent after the commit, at least once, with `notification` and `at`; receivers must be idempotent.
notification_settled = Signal()
# Sent inside the joining transaction, with `kept` and `gone`, two contacts that turned out to be one person: receivers
# clear what one person cannot have twice; foreign keys to `gone` are moved afterwards.
contacts_joined = Signal()
