"""Python's `mcp` 2.x."""

import asyncio

import httpx2
from mcp.client import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client

from walk import Callback, Memory, Notifications, metadata, report, take_steps, url


async def main() -> None:
    callback = Callback()
    notifications = Notifications()

    async def wait() -> AuthorizationCodeResult:
        answer = await callback.wait()
        return AuthorizationCodeResult(code=answer["code"], state=answer.get("state"), iss=answer.get("iss"))

    provider = OAuthClientProvider(url, metadata(), Memory(), callback.show, wait)
    async with await callback.listen(), httpx2.AsyncClient(auth=provider, timeout=20) as http:
        async with Client(
            streamable_http_client(url, http_client=http), logging_callback=notifications.take
        ) as client:
            report("tools", names=[tool.name for tool in (await client.list_tools()).tools])
            await take_steps(client.call_tool)
            await notifications.wait()


asyncio.run(main())
