"""A made-up finance company to try LeadLedger with: people, two business lines, a messy spreadsheet."""
