"""Turns paths into secrets that keep their older versions: the KV engine, version 2."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.vault.requests import Json, Refusal, VaultRequest, answer, unsupported


@dataclass
class Version:
    """One state of a secret."""

    data: Json = field(repr=False)
    created_at: datetime
    deleted_at: datetime | None = None

    def metadata(self, number: int) -> Json:
        """What is said of the version beside what it holds."""
        return {
            "version": number,
            "created_time": self.created_at.isoformat(),
            "deletion_time": self.deleted_at.isoformat() if self.deleted_at else "",
            "destroyed": False,
            "custom_metadata": None,
        }


class KvBackend:
    """secret/: data/<path> for what a secret holds, metadata/<path> for its versions."""

    kind = "kv"

    def __init__(self) -> None:
        self._secrets: dict[str, list[Version]] = {}

    async def handle(self, request: VaultRequest) -> Json | None:
        """Answer reads, writes and deletions of data and metadata."""
        area, _, name = request.path.partition("/")
        match area, request.operation:
            case "data", "read":
                return self._read(name, request.query.get("version", "0"))
            case "data", "update":
                return self._write(name, request.body)
            case "data", "delete":
                self._existing(name)[-1].deleted_at = datetime.now(UTC)
                return None
            case "metadata", "read":
                return self._metadata(name)
            case "metadata", "list":
                return self._list(name)
            case "metadata", "delete":
                self._secrets.pop(name, None)
                return None
            case _:
                raise unsupported(request)

    def _existing(self, name: str) -> list[Version]:
        versions = self._secrets.get(name)
        if versions is None:
            raise Refusal(404)
        return versions

    def _read(self, name: str, asked: str) -> Json:
        versions = self._existing(name)
        number = int(asked) or len(versions) if asked.isdecimal() else 0
        if not 1 <= number <= len(versions) or versions[number - 1].deleted_at is not None:
            raise Refusal(404)
        version = versions[number - 1]
        return answer({"data": version.data, "metadata": version.metadata(number)})

    def _write(self, name: str, body: Json) -> Json:
        data = body.get("data")
        if not isinstance(data, dict):
            raise Refusal(400, "no data provided")
        versions = self._secrets.get(name, [])
        expected = (body.get("options") or {}).get("cas")
        if expected is not None and int(expected) != len(versions):
            raise Refusal(400, "check-and-set parameter did not match the current version")
        self._secrets[name] = [*versions, Version(data, datetime.now(UTC))]
        return answer(self._secrets[name][-1].metadata(len(versions) + 1))

    def _metadata(self, name: str) -> Json:
        versions = self._existing(name)
        return answer(
            {
                "current_version": len(versions),
                "oldest_version": 1,
                "created_time": versions[0].created_at.isoformat(),
                "updated_time": versions[-1].created_at.isoformat(),
                "custom_metadata": None,
                "versions": {
                    str(number): version.metadata(number)
                    for number, version in enumerate(versions, start=1)
                },
            }
        )

    def _list(self, folder: str) -> Json:
        prefix = f"{folder}/" if folder else ""
        below = [name.removeprefix(prefix) for name in self._secrets if name.startswith(prefix)]
        keys = {first + slash for first, slash, _ in (name.partition("/") for name in below)}
        if not keys:
            raise Refusal(404)
        return answer({"keys": sorted(keys)})
