"""Fields from a spreadsheet: what a file's columns say about the fields that a line needs.

`looking` reads a file once and keeps facts in bounded memory (`watching` a column, `trials` of each way to read
it). `proposal` makes fields of the facts: `deciding` which type, `readings` with which settings, `fitting`
whether every cell is taken, `names` from headers. `wording` says why. Nothing here knows the database.

A proposal accepts its own file: what a trial found fitting is what the importer will find fitting, because it
asks the same functions, and whatever is left over becomes text.
"""
