"""From the first sample on disk to a sealed file that is there, unaltered, and closed to others.

Owns: track files, their repair, their sealing as one encrypted stereo Opus file; the keys of sealed
files, their storage, the chain that misses none of them; the tables of all this.
May import: `hotline`.
Must never: import `queueing`, `consult` or `admin`; hold up a call.
"""
