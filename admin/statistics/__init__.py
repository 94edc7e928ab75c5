"""Figures as folds of the journal: pure arithmetic, and the two sources that must agree.

Owns: what offered, answered, abandoned, ASA, AHT and service level mean.
May import: the vocabulary and journal of `hotline`.
"""
