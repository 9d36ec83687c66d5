"""What a test or the demo does in the workspace: furnish it, and act as its people."""

from collections.abc import Iterable, Mapping
from typing import Any, Unpack

from sandbox.slack.accounts import Details, User, UserGroup
from sandbox.slack.app import App
from sandbox.slack.files import Files
from sandbox.slack.people import People
from sandbox.slack.screens import Screens
from sandbox.slack.streams import Streams
from sandbox.slack.workspace import Channel, Workspace


class Acting:
    """The side of LocalSlack that is turned to whoever writes the play."""

    workspace: Workspace
    app: App
    _people: People
    _screens: Screens
    _files: Files
    _streams: Streams

    def add_user(
        self,
        name: str,
        real_name: str | None = None,
        *,
        user_id: str | None = None,
        **details: Unpack[Details],
    ) -> User:
        """Somebody who joins; channels that exist already do not have them as a member."""
        return self.workspace.add_user(name, real_name, user_id=user_id, **details)

    def deactivate(self, user_id: str) -> None:
        """Somebody leaves the company, and with it every channel and user group."""
        self.workspace.deactivate(user_id)

    def add_group(
        self,
        handle: str,
        name: str,
        members: Iterable[str] = (),
        *,
        group_id: str | None = None,
    ) -> UserGroup:
        """A user group: whoever is in its `members` at a call is in it; tests may change them."""
        return self.workspace.add_group(handle, name, members, group_id=group_id)

    def add_channel(
        self,
        name: str,
        members: Iterable[str] | None = None,
        *,
        topic: str = "",
        channel_id: str | None = None,
        is_private: bool = False,
        shared_with: Iterable[str] = (),
    ) -> Channel:
        """A channel; without `members`, every full member so far and the bot are in it.

        `shared_with` are ids of other workspaces, whose people are added with that `team_id`.
        """
        return self.workspace.add_channel(
            name,
            members,
            topic=topic,
            channel_id=channel_id,
            is_private=is_private,
            shared_with=shared_with,
        )

    def join(self, user_id: str, channel_id: str, inviter: str | None = None) -> None:
        """Somebody, or the bot, joins a channel, by themselves or invited."""
        self.workspace.move(channel_id, user_id, into=True, inviter=inviter)

    def leave(self, user_id: str, channel_id: str) -> None:
        """Somebody, or the bot, leaves a channel."""
        self.workspace.move(channel_id, user_id, into=False)

    def open_im(self, user_id: str) -> Channel:
        """The direct conversation of this person with the bot."""
        return self.workspace.open_im(user_id, self.app.bot_user_id)

    def seed_messages(self, messages: Iterable[Mapping[str, Any]]) -> None:
        """History that was always there (user, channel, text, ts, thread_ts): no events."""
        for message in messages:
            content = {k: v for k, v in message.items() if k != "channel"}
            self.workspace.add_message(message["channel"], content)

    async def post_as(
        self, user_id: str, channel_id: str, text: str, thread_ts: str | None = None
    ) -> str:
        """Post as a person typing: the message's ts."""
        return self._people.type(user_id, channel_id, text, thread_ts)

    async def press(
        self,
        user_id: str,
        channel_id: str,
        message_ts: str,
        action_id: str,
        value: str | None = None,
    ) -> None:
        """Press a button; `value` picks one of several, or an option of a menu."""
        await self._people.press(user_id, channel_id, message_ts, action_id, value)

    async def press_view(
        self, user_id: str, view_id: str, action_id: str, value: str | None = None
    ) -> None:
        """Press a button or choose from a menu, in the modal that is in front or on Home."""
        await self._screens.press(user_id, view_id, action_id, value)

    async def open_home(self, user_id: str, tab: str = "home") -> None:
        """Open the app's Home, or with tab "messages" the conversation with it."""
        self._screens.open_home(user_id, tab)

    def home(self, user_id: str) -> dict[str, Any] | None:
        """The view on this person's Home; None as long as nothing was published."""
        return self.workspace.homes.get(user_id)

    async def shortcut(self, user_id: str, channel_id: str, ts: str, callback_id: str) -> None:
        """Choose a shortcut from the menu of a message; LookupError if the app declares none."""
        await self._people.shortcut(user_id, channel_id, ts, callback_id)

    async def global_shortcut(self, user_id: str, callback_id: str) -> None:
        """Choose a shortcut from the global menu; LookupError if the app declares none."""
        await self._people.global_shortcut(user_id, callback_id)

    async def submit_view(
        self,
        user_id: str,
        view_id: str,
        state_values: dict[str, dict[str, Any]] | None = None,
    ) -> dict[str, str]:
        """Submit a modal: errors by block id, none when it was accepted."""
        return await self._screens.submit(user_id, view_id, state_values or {})

    async def close_view(self, user_id: str, view_id: str) -> None:
        """Close a modal without submitting it."""
        await self._screens.close(user_id, view_id)

    async def slash(self, user_id: str, channel_id: str, command: str, text: str = "") -> None:
        """Type a slash command; LookupError if the app declares none of this name."""
        await self._people.slash(user_id, channel_id, command, text)

    async def drop_file(
        self,
        user_id: str,
        channel_id: str,
        name: str,
        content: bytes,
        text: str = "",
        thread_ts: str | None = None,
        mimetype: str | None = None,
    ) -> str:
        """Drop a file on a conversation, with or without words: the message's ts."""
        file = self._files.add(user_id, channel_id, name, content, mimetype)
        described = self._files.described(file)
        ts = self._people.type(user_id, channel_id, text, thread_ts, [described])
        self._files.announce(file, channel_id)
        return ts

    def delete_file_as(self, user_id: str, file_id: str) -> None:
        """Delete a file that one has dropped: its message keeps a tombstone."""
        self._files.delete_as(user_id, file_id)

    def edit_file_as(self, user_id: str, file_id: str, content: bytes) -> None:
        """Edit a text file that one has dropped."""
        self._files.edit_as(user_id, file_id, content)

    async def stop_stream(self, user_id: str, channel_id: str, ts: str) -> None:
        """Press stop on a message that is being streamed."""
        self._streams.stopped_by(self.workspace, user_id, channel_id, ts)
