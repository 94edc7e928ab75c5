"""Everything that runs, shows and counts: command line, supervisor, statistics, migrations.

Owns: the composition root (`bootstrap`), the only place that knows every other package.
May import: all.
Must never: be imported by the others.
"""
