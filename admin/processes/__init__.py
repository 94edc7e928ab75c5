"""The bodies of our processes, and what the supervisor is told of each.

Owns: one module per process, and the list of them all.
May import: everything; this is where the parts are set running.
"""
