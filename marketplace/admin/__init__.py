"""The console of the marketplace: requests, talks, and the words that are understood."""

from . import requests, talks, vocabulary

__all__ = ["requests", "talks", "vocabulary"]
