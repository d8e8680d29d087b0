"""Fields from a spreadsheet: upload, look at what the columns propose, adjust, publish, bring the file in."""
