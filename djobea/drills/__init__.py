"""Fire drills: a scripted outage of the simulated Twilio, and what staff would have seen of it, when."""
