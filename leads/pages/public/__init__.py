"""Public forms: pages that anybody may fill in, without signing in."""
