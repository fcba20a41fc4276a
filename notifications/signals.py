"""News for other apps."""

from django.dispatch import Signal

# Sent after the commit, at least once, with `notification` and `at`; receivers must be idempotent.
notification_settled = Signal()
