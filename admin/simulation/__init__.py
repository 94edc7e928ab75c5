"""Rehearsal on paper and on a virtual clock: how many counselors, and what callers would meet.

Owns Erlang's formulas (`erlang`), scenario files (`scenario`) and the simulator that drives the
real routing code (`queueing.routing`) without Redis, sockets or waiting. It may import `queueing`
and `admin.statistics`; it must never touch a running queue, a database or the time of day.
"""
