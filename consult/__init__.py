"""Remote case conferences (会诊): rooms in which city, district and street meet.

Owns: nothing yet; the rooms come with a later part.
May import: `hotline`, `queueing`, `recordings`.
Must never: import `admin`.
"""
