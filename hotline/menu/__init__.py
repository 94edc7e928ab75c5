"""Notice and menu: a flow file, a pure stepper over it, the reception that carries it out.

Owns: what a caller can choose before the queue.
May import: the vocabulary and ports of `hotline`.
Must never: hold a caller up; whatever goes wrong leads to a human.
"""
