"""Who is asked for whom: pure choosing over a picture of who waits and who is there.

    plan      routes and steps, read from TOML           who may be asked, and how soon
    picture   who waits, who is there, kept up to date   who is proposed to whom
    order     who goes first                             and by whom one can be overtaken
    estimate  how long it may take                       and when nothing honest can be said

Owns the plan, the picture, the order, the skills. Imports the vocabulary of `hotline`; must never
know a clock, Redis or a process: the same code runs in `hotline simulate`.
"""
