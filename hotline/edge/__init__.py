"""The edge: Kamailio, the only part that the outside can reach.

Owns: its configuration, its credentials and registrations (`edge.sqlite`), its control socket.
May import: the vocabulary of `hotline`.
Must never: carry a call or know what a contact is. It admits, challenges and hands on.
"""
