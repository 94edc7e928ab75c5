"""The shared vocabulary and the telephone.

Owns: events, identifiers, errors, configuration, the journal's way to disk, the contact and leg
machines, the menu, the gateway that carries calls, and the edge's configuration.
May import: nothing of the other packages.
Must never: know how a counselor is chosen or where a recording is kept. It asks through `ports`.
"""
