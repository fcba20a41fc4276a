"""From a message to a rated job."""

from .action_link import ActionLink
from .application import Application, ApplicationStatus
from .conversation import Conversation, InboundMessage, InboundStatus
from .customer import Customer
from .event import Event
from .job import Job, JobStatus, Rating
from .offer import MatchRun, Offer, OfferStatus, Wave
from .privacy_request import PrivacyRequest, PrivacyStatus, Wish
from .quote import Quote, QuoteStatus
from .request import RequestStatus, ServiceRequest, Urgency
from .vocabulary import VocabularyEntry

__all__ = [
    "ActionLink",
    "Application",
    "ApplicationStatus",
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
    "PrivacyRequest",
    "PrivacyStatus",
    "Quote",
    "QuoteStatus",
    "Rating",
    "RequestStatus",
    "ServiceRequest",
    "Urgency",
    "VocabularyEntry",
    "Wave",
    "Wish",
]
