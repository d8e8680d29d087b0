"""Pages of figures about lines: statistics of its leads and fields, and data quality."""
