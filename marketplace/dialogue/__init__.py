"""The talk with one person: what was asked, what the answer means, what is said next. `machine.advance` begins it."""
