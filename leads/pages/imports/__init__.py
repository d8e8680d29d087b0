"""The import wizard: upload, match columns, check, load; then correct or roll back."""
