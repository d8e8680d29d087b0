"""What leads bring to the console: lines, fields, versions, sources, campaigns, leads."""

from core.admin.intakes import register_import_page
from leads.admin import fields, leads, lines, origins, versions

register_import_page("leads", "leads:import_detail")

__all__ = ["fields", "leads", "lines", "origins", "versions"]
