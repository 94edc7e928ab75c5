"""What is said: the texts, and where the WAV of a prompt stands.

Owns: `texts.toml`, the order in which folders are searched.
May import: `hotline`'s vocabulary.
Must never: play anything, or speak a text while a caller waits (`voice` does it at set-up).
"""
