"""Turns Vault's auth/kubernetes paths into tokens for pods whose service account is the right one.

As Vault does, it asks the cluster what a pod's token is worth (a TokenReview).
"""

import re

import aiohttp

from sandbox.vault.requests import Json, Refusal, VaultRequest, answer, seconds, unsupported
from sandbox.vault.tokens import Token, Tokens

DEFAULT_TTL_S = 32 * 86400.0
TIMEOUT = aiohttp.ClientTimeout(total=5)
REVIEW = "/apis/authentication.k8s.io/v1/tokenreviews"


class KubernetesBackend:
    """auth/kubernetes: config, role/<name> and login."""

    kind = "kubernetes"

    def __init__(self, mount: str, tokens: Tokens) -> None:
        self._mount = mount
        self._tokens = tokens
        self._config: Json = {}
        self._roles: dict[str, Json] = {}

    async def handle(self, request: VaultRequest) -> Json | None:
        """Answer login, and the paths that set it up."""
        match request.operation, request.path.split("/"):
            case "update", ["login"]:
                return answer(auth=(await self._login(request)).as_auth())
            case "update", ["config"]:
                request.text("kubernetes_host")
                self._config = request.body
                return None
            case "update", ["role", name]:
                if not request.texts("bound_service_account_names"):
                    raise Refusal(400, '"bound_service_account_names" can not be empty')
                if not request.texts("bound_service_account_namespaces"):
                    raise Refusal(400, '"bound_service_account_namespaces" can not be empty')
                self._roles[name] = request.body
                return None
            case _:
                raise unsupported(request)

    async def _login(self, request: VaultRequest) -> Token:
        name, jwt = request.text("role"), request.text("jwt")
        role = self._roles.get(name)
        if role is None:
            raise Refusal(400, f'invalid role name "{name}"')
        held = VaultRequest("read", "", role)
        namespace, account = await self._reviewed(jwt)
        if not {namespace, "*"} & set(held.texts("bound_service_account_namespaces")):
            raise Refusal(403, "namespace not authorized")
        if not {account, "*"} & set(held.texts("bound_service_account_names")):
            raise Refusal(403, "service account name not authorized")
        max_ttl_s = seconds(role.get("token_max_ttl"), DEFAULT_TTL_S)
        return self._tokens.issue(
            held.texts("token_policies") or held.texts("policies"),
            display_name=f"kubernetes-{namespace}-{account}",
            path=f"{self._mount}login",
            ttl_s=seconds(role.get("token_ttl"), max_ttl_s),
            max_ttl_s=max_ttl_s,
        )

    async def _reviewed(self, jwt: str) -> tuple[str, str]:
        """The namespace and the name of the service account that the cluster knows the token of."""
        asked = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": jwt},
        }
        if not self._config:
            raise Refusal(400, "could not load backend configuration")
        url = str(self._config["kubernetes_host"]).rstrip("/") + REVIEW
        reviewer = str(self._config.get("token_reviewer_jwt") or jwt)
        bearer = {"Authorization": f"Bearer {reviewer}"}
        try:
            async with (
                aiohttp.ClientSession(timeout=TIMEOUT, headers=bearer) as session,
                session.post(url, json=asked) as replied,
            ):
                review = await replied.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Refusal(500, f"TokenReview failed: {type(error).__name__}") from None
        user = str(review.get("status", {}).get("user", {}).get("username", ""))
        named = re.fullmatch(r"system:serviceaccount:([^:]+):([^:]+)", user)
        if not review["status"].get("authenticated") or named is None:
            raise Refusal(403, "permission denied")
        return named[1], named[2]
