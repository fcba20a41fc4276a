"""One true-looking example for each thing that the API takes or gives; shown on its page of docs, checked by a test."""

from typing import Any, Final

AT: Final = "2026-11-28T09:30:00+01:00"
LATER: Final = "2026-11-28T09:30:04+01:00"
JOB: Final = {"id": 31, "provider": 7, "status": "confirmed", "assigned_at": AT, "ended_at": None, "end_reason": ""}
ATTEMPT: Final[dict[str, Any]] = {
    "id": 9001,
    "channel": "whatsapp",
    "started_at": AT,
    "finished_at": LATER,
    "outcome": "refused",
    "error_code": "63007",
    "error_message": "Twilio could not find a Channel with the specified From address",
    "http_status": 400,
    "provider_sid": None,
    "latency_ms": 212,
}
NOTIFICATION: Final[dict[str, Any]] = {
    "id": 4711,
    "purpose": "offer",
    "phone_number": "+237677123456",
    "email": "",
    "language": "fr",
    "body": "Nouvelle demande : plomberie à Bonamoussadi, aujourd'hui. Répondez 1 pour accepter.",
    "reference": "offer:42",
    "trace": "7f1c2f0e-52a6-4c3e-9c0b-0a5d1c1e7b11",
    "channel": "sms",
    "channels_left": ["email"],
    "status": "delivered",
    "waiting_for": "",
    "priority": 2,
    "attempt_count": 2,
    "retry_count": 0,
    "due_at": AT,
    "expires_at": "2026-11-28T09:36:00+01:00",
    "must_know_by": None,
    "last_error_code": "63007",
    "last_error": "Twilio could not find a Channel with the specified From address",
    "provider_sid": "SM0123456789abcdef0123456789abcdef",
    "possible_duplicate": False,
    "alert": None,
    "created_at": AT,
    "sent_at": AT,
    "delivered_at": LATER,
    "read_at": None,
    "settled_at": LATER,
}
PROVIDER: Final[dict[str, Any]] = {
    "id": 7,
    "name": "Paul Mbarga",
    "phone_number": "+237677123456",
    "phone_doubtful": False,
    "email": "",
    "language": "fr",
    "status": "active",
    "is_verified": True,
    "takes_emergencies": True,
    "unavailable_until": None,
    "daily_capacity": 4,
    "radius_km": 5,
    "base_zone": "bonamoussadi",
    "services": ["plomberie"],
    "zones": ["bonamoussadi", "makepe"],
    "created_at": AT,
}
WEBHOOK: Final[dict[str, Any]] = {
    "id": 3,
    "name": "Ledger",
    "url": "https://hooks.example.org/djobea",
    "events": ["request.changed", "alert.opened"],
    "is_active": True,
    "why_inactive": "",
    "created_at": AT,
}
EXAMPLES: Final[dict[str, Any]] = {
    "Provider": PROVIDER,
    "PatchedProvider": {"status": "on_hold", "unavailable_until": "2026-12-24T08:00:00+01:00"},
    "Service": {"id": 1, "slug": "plomberie", "name_fr": "Plomberie", "name_en": "Plumbing", "is_active": True},
    "Zone": {
        "id": 12,
        "slug": "bonamoussadi",
        "name": "Bonamoussadi",
        "city": "Douala",
        "latitude": 4.0906,
        "longitude": 9.7409,
        "is_whole_city": False,
    },
    "Request": {
        "id": 42,
        "status": "matched",
        "service": "plomberie",
        "zone": "bonamoussadi",
        "urgency": "today",
        "description": "Fuite d'eau sous l'évier",
        "place_note": "derrière la pharmacie",
        "scheduled_for": None,
        "cancel_reason": "",
        "created_at": AT,
        "searching_since": AT,
        "expires_at": "2026-11-28T21:30:00+01:00",
        "jobs": [JOB],
    },
    "Job": JOB,
    "Notification": NOTIFICATION,
    "NotificationDetail": NOTIFICATION | {"attempts": [ATTEMPT]},
    "Attempt": ATTEMPT,
    "Alert": {
        "id": 5,
        "fingerprint": "channel:whatsapp:63007",
        "severity": "critical",
        "title": "Expéditeur WhatsApp inconnu de Twilio (63007)",
        "cause": "Twilio ne connaît pas l'expéditeur.",
        "remedy": "Comparez TWILIO_WHATSAPP_FROM avec la console de Twilio.",
        "state": "acknowledged",
        "occurrences": 1000,
        "reference": "",
        "first_seen_at": AT,
        "last_seen_at": LATER,
        "acknowledged_at": LATER,
        "resolved_at": None,
        "resolved_by": "",
        "notes": "",
    },
    "Reason": {"why": "The sender is repaired."},
    "Webhook": WEBHOOK,
    "PatchedWebhook": {"is_active": False},
    "WebhookSecret": WEBHOOK | {"secret": "whsec_made-up-for-this-page"},
    "Status": {
        "status": "critical",
        "at": AT,
        "components": [
            {
                "name": "queue",
                "state": "degraded",
                "evidence": "the oldest has waited 75 s",
                "remedy": "…",
                "since": AT,
                "figure": 75.0,
                "threshold": 60.0,
                "vital": True,
            }
        ],
        "issues": [
            {
                "code": "channel:whatsapp:63007",
                "title": "Expéditeur WhatsApp inconnu de Twilio (63007)",
                "impact": "…",
                "cause": "…",
                "remedy": "…",
                "priority": 1,
            }
        ],
        "providers": [{"city": "Douala", "at_work": 12}],
        "traffic": [{"channel": "whatsapp", "went": 930, "failed": 4, "success_pct": 99.6}],
        "queue": {"queued": 3, "sending": 1, "unconfirmed": 0, "dead": 0},
        "budgets": [{"account": "…a1b2c3", "used": 934, "limit": 1000, "left": 66, "next_slot": AT}],
        "recovering": ["1 message is tried again"],
        "self_tests": [{"name": "queue", "passed": True, "detail": "…", "milliseconds": 12, "ran_at": AT}],
    },
}
IDEMPOTENCY_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A call that is repeated with the same key within a day is done once.",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[A-Za-z0-9_-]+$"},
    "example": "9f1c3a52-retry-4711",
}


def add_examples(result: dict[str, Any], **_facts: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: an example for each component, and the header that unsafe calls may carry."""
    components = result["components"]["schemas"]
    for name, example in EXAMPLES.items():
        if name in components:
            components[name]["example"] = example
    for operations in result["paths"].values():
        for method, operation in operations.items():
            if method in ("post", "put", "patch", "delete"):
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    return result
