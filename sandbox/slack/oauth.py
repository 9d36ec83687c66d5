"""Installing an app: the page that asks for consent, and the exchange of its code for a token."""

import secrets
from base64 import b64decode
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from sandbox.slack.app import App
from sandbox.slack.workspace import Workspace


class OAuth:
    """OAuth v2 for one app and one workspace, whose person says yes at once.

    `redirect_url` is where the app has said that people come back to. A code is good once.
    """

    def __init__(self, workspace: Workspace, app: App) -> None:
        self.redirect_url: str | None = None
        self.router = APIRouter()
        self.router.add_api_route("/oauth/v2/authorize", self.authorize)
        self.router.add_api_route("/api/oauth.v2.access", self.access, methods=["POST"])
        self._workspace = workspace
        self._app = app
        self._codes: set[str] = set()

    async def authorize(self, client_id: str = "", scope: str = "", state: str = "") -> Response:
        """Send the person back with a code, once the app, its address and its scopes are good."""
        if client_id != self._app.client_id or self.redirect_url is None:
            return PlainTextResponse("invalid_client_id or bad_redirect_uri", 400)
        if unknown := set(scope.split(",")) - self._app.scopes:
            return PlainTextResponse(f"invalid_scope: {','.join(sorted(unknown))}", 400)
        code = secrets.token_hex(12)
        self._codes.add(code)
        query = urlencode({"code": code, "state": state})
        return RedirectResponse(f"{self.redirect_url}?{query}", 302)

    async def access(self, request: Request) -> Response:
        """A code for the bot's token, if it is the app that asks."""
        given = dict(parse_qsl((await request.body()).decode()))
        scheme, _, basic = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            client_id, _, secret = b64decode(basic).decode().partition(":")
        else:
            client_id, secret = given.get("client_id", ""), given.get("client_secret", "")
        if client_id != self._app.client_id:
            return JSONResponse({"ok": False, "error": "invalid_client_id"})
        if not secrets.compare_digest(secret, self._app.client_secret):
            return JSONResponse({"ok": False, "error": "bad_client_secret"})
        code = given.get("code", "")
        if code not in self._codes:
            return JSONResponse({"ok": False, "error": "invalid_code"})
        self._codes.remove(code)
        return JSONResponse(self._installed())

    def _installed(self) -> dict[str, object]:
        return {
            "ok": True,
            "app_id": self._app.id,
            "authed_user": {"id": next(iter(self._workspace.users))},
            "scope": ",".join(sorted(self._app.scopes)),
            "token_type": "bot",
            "access_token": self._app.bot_token,
            "bot_user_id": self._app.bot_user_id,
            "team": {"id": self._workspace.team_id, "name": self._workspace.team_name},
            "enterprise": None,
            "is_enterprise_install": False,
        }
