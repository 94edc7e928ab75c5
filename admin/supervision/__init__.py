"""Keeps processes alive on one machine: in order, by health, in groups, with nothing left behind.

Owns: the supervisor, its children, their logs, the lock and the status file.
May import: the clock and errors of `hotline`, the edge's health.
Must never: know what the processes are for; it is told by specs.
"""
