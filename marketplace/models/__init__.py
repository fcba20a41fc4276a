"""From a message to a rated job."""

from .action_link import ActionLink
from .conversation import Conversation, InboundMessage, InboundStatus
from .customer import Customer
from .event import Event
from .job import Job, JobStatus, Rating
from .offer import MatchRun, Offer, OfferStatus, Wave
from .request import RequestStatus, ServiceRequest, Urgency
from .vocabulary import VocabularyEntry

__all__ = [
    "ActionLink",
    "Conversation",
    "Customer",
    "Event",
    "InboundMessage",
    "InboundStatus",
    "Job",
    "JobStatus",
    "MatchRun",
    "Offer",
    "OfferStatus",
    "Rating",
    "RequestStatus",
    "ServiceRequest",
    "Urgency",
    "VocabularyEntry",
    "Wave",
]
