"""The console of the marketplace: requests, talks, and the words that are understood."""

from . import applications, conversations, network, privacy, requests, talks, traces, vocabulary, weights

__all__ = [
    "applications",
    "conversations",
    "network",
    "privacy",
    "requests",
    "talks",
    "traces",
    "vocabulary",
    "weights",
]
