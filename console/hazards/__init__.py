"""Hazards: coded dangers in a plan, each with its reason and a rewrite to paste."""
