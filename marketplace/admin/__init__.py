"""The console of the marketplace: requests, talks, and the words that are understood."""

from . import applications, conversations, privacy, requests, talks, traces, vocabulary, weights

__all__ = [
    "applications",
    "conversations",
    "privacy",
    "requests",
    "talks",
    "traces",
    "vocabulary",
    "weights",
]
