"""One contact's life on a gateway, from INVITE to its ending, and the short calls beside it.

Owns: what is done when a leg event or an offer comes.
May import: the vocabulary, machines and ports of `hotline`, and its menu.
Must never: touch a socket, a database or a C library; wait for Redis.
"""
