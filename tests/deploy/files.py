"""What Dockerfile and compose.yaml say, read for tests: commands, environments and paths."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}|\$(?P<bare>\w+)")


@dataclass
class Stage:
    """A stage of the Dockerfile."""

    name: str
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def texts(self, keyword: str) -> list[str]:
        """What follows each instruction of that kind."""
        return [text for word, text in self.instructions if word == keyword]

    def command(self, keyword: str) -> list[str]:
        """The words of CMD, or of the command of HEALTHCHECK."""
        return list(json.loads(self.texts(keyword)[-1].partition("CMD ")[2] or self.texts(keyword)[-1]))


def read_stages() -> dict[str, Stage]:
    """Return the stages of the Dockerfile by name, in their order."""
    text = (CHECKOUT / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    stages: dict[str, Stage] = {}
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        keyword, _, rest = line.strip().partition(" ")
        if keyword == "FROM":
            base, _as, name = rest.split()
            stage = stages[name] = Stage(name, base)
        elif keyword and stages:
            stage.instructions.append((keyword, rest))
    return stages


def image_environment(name: str) -> dict[str, str]:
    """Return the environment of an image, PATH left out: ENV of its stage and of those it stands on."""
    stages = read_stages()
    stage: Stage | None = stages[name]
    found: dict[str, str] = {}
    while stage is not None:
        for text in stage.texts("ENV"):
            found = dict(word.split("=", 1) for word in shlex.split(text)) | found
        stage = stages.get(stage.base)
    found.pop("PATH", None)
    return found


def copied_paths() -> dict[str, str]:
    """Return what the images copy from the checkout: source → target."""
    copied: dict[str, str] = {}
    for stage in read_stages().values():
        for text in stage.texts("COPY"):
            if not text.startswith("--from="):
                *sources, target = text.split()
                copied |= dict.fromkeys(sources, target)
    return copied


def interpolated(value: Any, given: Mapping[str, str]) -> Any:
    """Put variables into a value of compose.yaml as compose does."""
    if isinstance(value, str):
        return VARIABLE.sub(lambda match: _value_of(match, given), value)
    if isinstance(value, list):
        return [interpolated(item, given) for item in value]
    if isinstance(value, dict):
        return {key: interpolated(item, given) for key, item in value.items()}
    return value


def _value_of(match: re.Match[str], given: Mapping[str, str]) -> str:
    if match[0] == "$$":
        return "$"
    name = match["name"] or match["bare"]
    return given.get(name) or match["default"] or ""


def read_services(**given: str) -> dict[str, dict[str, Any]]:
    """Return the services of compose.yaml, variables replaced by `given` or their defaults."""
    return dict(interpolated(read_compose(), given)["services"])


def read_compose() -> dict[str, Any]:
    """Return compose.yaml, its anchors followed and its variables as they stand."""
    return dict(yaml.safe_load((CHECKOUT / "compose.yaml").read_text()))


def read_environment(path: Path) -> dict[str, str]:
    """Return the variables of an env file."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)
