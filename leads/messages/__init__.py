"""A message that somebody was sent, read for the fields of a lead: deterministic, and nothing is stored.

`lines` takes away what the messenger or mail program wrote, `values` reads one value at a place, `names` finds who
writes, and `reading` weighs what was found for each field.
"""
