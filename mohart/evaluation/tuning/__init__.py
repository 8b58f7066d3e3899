"""Choosing knobs on labelled videos: which settings to try, and what is held out to judge them."""
