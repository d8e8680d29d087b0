"""Reading bodies by name: what nobody asked for is refused, not ignored."""

from typing import Any

from rest_framework import serializers


class TextField(serializers.CharField):
    """A text, given as one: numbers are no texts."""

    def to_internal_value(self, data: Any) -> str:
        """Return the trimmed text."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Body(serializers.Serializer[Any]):
    """A body of which every key is known: a misspelt one would be lost without a word."""

    default_error_messages = {
        "invalid": "The body is no object. Send one, such as {{}} with its keys.",
        "null": "The body is null. Send an object.",
        "unknown_field": "There is no {key} here. Use {known}.",
    }

    def to_internal_value(self, data: Any) -> Any:
        """Return the values; all unknown keys are named at once."""
        if isinstance(data, dict) and (unknown := [key for key in data if key not in self.fields]):
            known = ", ".join(self.fields)
            template = self.error_messages["unknown_field"]
            raise serializers.ValidationError(
                {
                    key: [
                        serializers.ErrorDetail(
                            template.format(key=f"“{key[:60]}”", known=known), code="unknown_field"
                        )
                    ]
                    for key in unknown
                }
            )
        return super().to_internal_value(data)
