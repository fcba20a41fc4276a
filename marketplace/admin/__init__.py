"""The console of the marketplace: requests, talks, and the words that are understood."""

from . import applications, privacy, requests, talks, traces, vocabulary

__all__ = ["applications", "privacy", "requests", "talks", "traces", "vocabulary"]
