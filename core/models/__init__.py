from core.models.organization import Organization

__all__ = ["Organization"]
