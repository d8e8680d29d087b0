"""What every API call stands on: bodies in, errors out, pages of lists, and the description of it all."""
