"""Who waits, who is ready, and who gets whom: the truth of *now*, in Redis.

Owns: every Redis key of waiting contacts, counselors and offers, and the Lua scripts over them.
May import: `hotline`.
Must never: import `recordings`, `consult` or `admin`; touch SIP; ask the database.
"""
