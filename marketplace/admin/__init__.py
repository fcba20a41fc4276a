"""The console of the marketplace: requests, talks, and the words that are understood."""

from . import alert_ways, applications, conversations, numbers, privacy, requests, talks, traces, vocabulary, weights

__all__ = [
    "alert_ways",
    "applications",
    "conversations",
    "numbers",
    "privacy",
    "requests",
    "talks",
    "traces",
    "vocabulary",
    "weights",
]
