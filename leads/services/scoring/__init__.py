"""Scoring leads by the rules of their line."""

from leads.services.scoring.applying import give_score, give_scores
from leads.services.scoring.rules import create_score_rule, update_score_rule

__all__ = ["create_score_rule", "give_score", "give_scores", "update_score_rule"]
