"""Static files as production serves them: compressed, and named by their content."""

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage

OUR_MODULES = "js/*.js"


class CompressedStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage. Modules of ours that import one another get the hashed names too.

    Django can do so for all scripts or none; those of packages name files that they do not ship.
    """

    patterns = (
        *HashedFilesMixin.patterns,
        (OUR_MODULES, HashedFilesMixin._js_module_import_aggregation_patterns[1]),  # type: ignore[attr-defined]
    )
    manifest_strict = False
