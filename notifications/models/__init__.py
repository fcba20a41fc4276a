"""The rows of all that leaves, and of all that failed."""

from .alert import AlertState, EscalationAlert, Severity
from .channel import Account, Channel, ChannelName
from .contact import Contact, UnreachableMark
from .machine import Clock, Heartbeat, ScheduledRun
from .notification import Attempt, Notification, Outcome, Priority, Receipt, Status, WaitingFor
from .on_call import AlertLink, ChainLink, ChainStatus, EscalationStep, Maintenance, OnCallPerson
from .staff_action import ActionStatus, StaffAction, StaffActionLine, StaffDeed
from .subscription import EventName, WebhookSubscription
from .template import MessageTemplate

__all__ = [
    "Account",
    "ActionStatus",
    "AlertLink",
    "AlertState",
    "Attempt",
    "ChainLink",
    "ChainStatus",
    "Channel",
    "ChannelName",
    "Clock",
    "Contact",
    "EscalationAlert",
    "EscalationStep",
    "EventName",
    "Heartbeat",
    "Maintenance",
    "MessageTemplate",
    "Notification",
    "OnCallPerson",
    "Outcome",
    "Priority",
    "Receipt",
    "ScheduledRun",
    "Severity",
    "StaffAction",
    "StaffActionLine",
    "StaffDeed",
    "Status",
    "UnreachableMark",
    "WaitingFor",
    "WebhookSubscription",
]
