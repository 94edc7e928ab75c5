"""From the first sample on disk to a sealed, checksummed file.

Owns: track files, their repair, their sealing as one stereo Opus file, their table.
May import: `hotline`.
Must never: import `queueing`, `consult` or `admin`; hold up a call.
"""
