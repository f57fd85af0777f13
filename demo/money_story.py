"""The story's second half."""

STEPS = ()
