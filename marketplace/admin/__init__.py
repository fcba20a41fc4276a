"""The console of the marketplace: requests, talks, and the words that are understood."""

from . import applications, conversations, numbers, privacy, requests, talks, traces, vocabulary, weights

__all__ = [
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
