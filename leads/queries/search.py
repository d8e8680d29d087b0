"""Searching leads: words of the name, e-mail, phone fragments, unique texts, and the exact reference.

Each word of the search must begin a token of the lead (`leads.services.derived` makes them). Tokens are
found by ranges, `>= 'ram' AND < 'ran'`, which an index serves under row-level security; patterns are not.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Q

from accounts.actor import Actor
from accounts.masking import Sight, sight_everywhere
from core.rules import normalise_text
from core.rules.values import is_storable_text
from leads.fields.line import LineDefinition
from leads.models import Lead, LeadToken
from leads.queries.columns import Probe, RowMatch, prefix_range
from leads.services.derived import LONGEST_TOKEN, REVERSED, national_digits, tokens_of, words

LONGEST_SEARCH = 200
MOST_WORDS = 8
# Fewer digits end too many phone numbers.
LEAST_PHONE_DIGITS = 3
REFERENCE = re.compile(r"[lL][0-9]{8,18}")
PHONE_LIKE = re.compile(r"\+?[\d\s().-]+")
SEARCHED_ATTRIBUTES = ("name", "phone", "email")


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a search.

    The lead has a token that begins with one of these, and one for each of `also`.
    """

    prefixes: tuple[str, ...]
    also: "tuple[Term, ...]" = ()

    def condition(self) -> Q:
        """The leads that the term finds."""
        found = Q(self.probe())
        for other in self.also:
            found &= other.condition()
        return found

    def probe(self) -> Probe:
        """The tokens that the term itself asks for."""
        return Probe(
            *(
                RowMatch(LeadToken, "token", prefix_range(prefix), order=("token", "lead_id"))
                for prefix in self.prefixes
            )
        )

    def holds(self, tokens: Iterable[str]) -> bool:
        """Whether a lead with these tokens is found."""
        tokens = list(tokens)
        return any(token.startswith(self.prefixes) for token in tokens) and all(
            other.holds(tokens) for other in self.also
        )


@dataclass(frozen=True, slots=True)
class Search:
    """A search taken apart. Without terms and reference, a search that says something finds nothing."""

    terms: tuple[Term, ...] = ()
    reference: str = ""


def parse_search(text: str) -> Search | None:
    """Return what a search asks for.

    None for a blank one. Anything typed is a search: nothing is an error.
    """
    text = text[:LONGEST_SEARCH].strip()
    if not text or not is_storable_text(text):
        return Search() if text else None
    reference = text.upper() if REFERENCE.fullmatch(text) else ""
    digits = re.sub(r"\D", "", text)
    if PHONE_LIKE.fullmatch(text) and len(digits) >= LEAST_PHONE_DIGITS:
        return Search((Term(_phone_prefixes(text, digits)),), reference)
    chunks = normalise_text(text).split()[:MOST_WORDS]
    terms = (_term(chunk) for chunk in chunks)
    return Search(tuple(term for term in terms if term), reference)


def _phone_prefixes(text: str, digits: str) -> tuple[str, ...]:
    """The beginnings of tokens that a piece of a phone number may be.

    Its start without the country, or its end.
    """
    dialled = digits.lstrip("0")
    prefixes = [normalise_text(text), digits, dialled, REVERSED + digits[::-1]]
    if dialled:
        prefixes.append(REVERSED + dialled[::-1])
    if text.startswith("+"):
        prefixes.append(national_digits(digits))
    return _bounded(prefixes)


def _term(chunk: str) -> Term | None:
    """The term for one word as it was typed.

    A word with signs in it, such as an id or an e-mail, is one token; where it stands in a name it is
    several. Those are joined by its longest piece: `smith-jones` begins a unique text, or is `smith` and
    `jones`.
    """
    if PHONE_LIKE.fullmatch(chunk):
        digits = re.sub(r"\D", "", chunk)
        return Term(
            _phone_prefixes(chunk, digits) if len(digits) >= LEAST_PHONE_DIGITS else _bounded([chunk])
        )
    pieces = list(dict.fromkeys(words(chunk)))
    if not pieces:
        return None
    if pieces == [chunk] or "@" in chunk or any(character.isdigit() for character in chunk):
        return Term(_bounded([chunk]))
    return Term(_bounded([pieces[0]]), tuple(Term((piece,)) for piece in pieces[1:]))


def _bounded(prefixes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(prefix[:LONGEST_TOKEN] for prefix in prefixes if prefix))


def masked_search_check(
    actor: Actor, definitions: dict[int, LineDefinition], search: Search
) -> Callable[[Lead], bool] | None:
    """Return what a found lead must still pass, or None where the actor sees all that search looks at.

    Tokens do not say where they come from: for whoever sees some of it masked, the tokens are made again from
    what is clear.
    """
    if all(_sees_tokens(actor, definition) for definition in definitions.values()):
        return None

    def holds(lead: Lead) -> bool:
        if search.reference and lead.reference == search.reference:
            return True
        tokens = _clear_tokens(actor, definitions[lead.line_id], lead)
        return bool(search.terms) and all(term.holds(tokens) for term in search.terms)

    return holds


def _sees_tokens(actor: Actor, definition: LineDefinition) -> bool:
    unique = [item for item in definition.active if item.unique]
    sources = [definition.core_fields[name] for name in SEARCHED_ATTRIBUTES if name in definition.core_fields]
    return all(sight_everywhere(actor, item) is Sight.CLEAR for item in (*unique, *sources))


def _clear_tokens(actor: Actor, definition: LineDefinition, lead: Lead) -> set[str]:
    clear = {item.key for item in definition.active if sight_everywhere(actor, item) is Sight.CLEAR}
    attributes = {}
    for name in SEARCHED_ATTRIBUTES:
        item = definition.core_fields.get(name)
        # An attribute that no field of today fills was filled by one whose settings are gone: not clear.
        attributes[name] = getattr(lead, name) if item is not None and item.key in clear else ""
    seen = Lead(data={key: value for key, value in lead.data.items() if key in clear}, **attributes)
    return tokens_of(seen, definition)
