"""Lines and leads by API, below /api/v1/: each view reads its call, asks a query or a service, and answers."""
