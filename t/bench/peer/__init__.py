"""The mail servers that Chancery is measured beside, from Debian, as private
instances: on 127.0.0.1, on ports and in a folder of their own. Nothing of the
system's own instances is touched. All need root, to become the users that
their packages made.

How each is configured, and why this is its best that still holds what it has
acknowledged, stands at the head of its module. What none of them may do is
put off a sync: their own words for that are left as Debian ships them.
"""
