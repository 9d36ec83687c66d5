"""The policy's section `audience`: which answers may be posted where, by who reads there."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Audience = Literal["direct", "private", "public", "shared"]
"""Who reads a place: one person of the company; those in a private channel; everybody in the
company; guests or people of other companies too."""
ChannelId = Annotated[str, Field(pattern=r"^[CG][A-Z0-9]+$")]


class Posting(BaseModel):
    """What an answer may show to an audience.

    `pii` are classes of privacy, `sensitive` the names of sensitive sources; `only` are entities
    and fields (`entity.field`), beside which there are none. None is all of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pii: tuple[str, ...] | None = None
    sensitive: tuple[str, ...] | None = None
    only: tuple[str, ...] | None = None


class OpenPosting(Posting):
    """What may be shown to many: no personal data and nothing of sensitive sources, until named."""

    pii: tuple[str, ...] | None = ()
    sensitive: tuple[str, ...] | None = ()


class AudiencePolicy(BaseModel):
    """What each audience may see. `channels` (by id) have their own rule instead of that of private
    or public ones, as long as nobody from outside is in them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    direct: Posting = Posting()
    private: Posting = Posting()
    public: OpenPosting = OpenPosting()
    shared: OpenPosting = OpenPosting()
    channels: dict[ChannelId, OpenPosting] = {}

    @property
    def postings(self) -> tuple[Posting, ...]:
        """Every rule that there is."""
        return (self.direct, self.private, self.public, self.shared, *self.channels.values())

    def of(self, audience: Audience, channel: str) -> Posting:
        """What may be posted in a channel that stands for this audience."""
        match audience:
            case "direct":
                return self.direct
            case "private":
                return self.channels.get(channel, self.private)
            case "public":
                return self.channels.get(channel, self.public)
            case "shared":
                return self.shared
