"""From an event to the tables: the stream, the disk while Redis is away, the scribe.

Owns: the journal stream's name and lease, the spool, the journal's tables and its own projections.
May import: the vocabulary of `hotline`.
Must never: be waited for by the telephone; lose an event, or count one twice.
"""
