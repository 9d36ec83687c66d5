"""`crosstalk keys` over the demo company: its keys overlap, and stripped transforms come back."""

import json
from pathlib import Path
from typing import Any

import yaml

from sandbox.sandbox import Sandbox
from tests.conftest import ROOT
from tests.wire.conftest import command_line


async def keys(
    sandbox: Sandbox, model: Path, folder: Path, *more: str
) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run the command on a model: its status, and its lines by the pairs' names."""
    store = {"CROSSTALK_STORE_URL": f"sqlite+aiosqlite:///{folder}/store.db"}
    status, said, errors = await command_line(
        "keys", "--json", "--model", str(model), *more, environment=sandbox.environment | store
    )
    assert said, errors
    return status, {line["name"]: line for line in map(json.loads, said.splitlines())}


def without_transforms(folder: Path) -> Path:
    """A copy of the demo's model in which `customer_id` is bound by its path alone."""
    tree = yaml.safe_load((ROOT / "semantic_model.yaml").read_text())
    for entity in tree["entities"].values():
        for binding in entity["bindings"].values():
            bound = binding["fields"].get("customer_id")
            if isinstance(bound, dict):
                binding["fields"]["customer_id"] = bound["path"]
    path = folder / "stripped.yaml"
    path.write_text(yaml.safe_dump(tree, sort_keys=False))
    return path


async def test_the_demos_keys_overlap(sandbox: Sandbox, tmp_path: Path) -> None:
    """Every pair of the demo but that of Slack's messages is compared, and none is broken."""
    status, found = await keys(sandbox, ROOT / "semantic_model.yaml", tmp_path)
    assert status == 0, found
    assert found["line_order"]["share"] == 1
    assert [name for name, line in found.items() if not line["counts"]] == ["message_customer"]


async def test_stripped_transforms_are_proposed_anew(sandbox: Sandbox, tmp_path: Path) -> None:
    """Without its transforms the model is broken, and pasting what is proposed mends it."""
    _, own = await keys(sandbox, ROOT / "semantic_model.yaml", tmp_path)
    stripped = without_transforms(tmp_path)
    status, found = await keys(sandbox, stripped, tmp_path)
    assert status == 1
    tree = yaml.safe_load(stripped.read_text())
    for name in ("ticket_customer", "note_customer", "customer.support"):
        proposal = found[name]["proposal"]
        assert proposal["after"] >= own[name]["counts"]["left"]["matched"] > proposal["before"]
        side = proposal["side"]
        binding = tree["entities"][side["entity"]]["bindings"][side["source"]]
        binding["fields"] |= yaml.safe_load(proposal["yaml"])
    pasted = tmp_path / "pasted.yaml"
    pasted.write_text(yaml.safe_dump(tree, sort_keys=False))
    status, mended = await keys(sandbox, pasted, tmp_path)
    assert status == 0, mended
    del own["message_customer"]
    for name, line in own.items():
        assert mended[name]["counts"]["left"]["matched"] == line["counts"]["left"]["matched"]
