"""A password hasher for tests: Argon2, as everywhere, and too weak to use anywhere else."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    time_cost = 1
    memory_cost = 8
    parallelism = 1
