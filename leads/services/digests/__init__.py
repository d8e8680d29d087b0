"""How people want to be told, and the mail of their day."""
