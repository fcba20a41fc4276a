"""The console of the notifications: what leaves, what failed, whom to tell."""

from . import alerts, channels, machine, on_call, people, queue, staff_actions, templates, webhooks

__all__ = ["alerts", "channels", "machine", "on_call", "people", "queue", "staff_actions", "templates", "webhooks"]
