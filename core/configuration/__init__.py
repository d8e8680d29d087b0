"""Configuration as a file: brought in, reviewed as a difference, written out again.

An app registers a section for each part it lets operations configure (`<app>/configuration.py`).
"""

from core.configuration.document import (
    LARGEST_FILE,
    SCHEMA,
    ConfigurationActor,
    export_document,
    import_document,
    read_document,
)
from core.configuration.report import Report
from core.configuration.sections import Section, register_section, registered_sections

__all__ = [
    "LARGEST_FILE",
    "SCHEMA",
    "ConfigurationActor",
    "Report",
    "Section",
    "export_document",
    "import_document",
    "read_document",
    "register_section",
    "registered_sections",
]
