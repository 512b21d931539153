"""What the catalog keeps, by HTTP: actions, targets, segments, lists of whom not to write to, marketing pressure.

A row of `rows.py` says what an operation takes and answers, and which function does it. Contacts are called targets
here, as the documented API has it.
"""
