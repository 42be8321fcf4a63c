"""Python's `mcp` 1.x, which pip resolves under langchain-mcp-adapters and other agent frameworks."""

import asyncio
from datetime import timedelta

from mcp import ClientSession
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamablehttp_client

from walk import Callback, Memory, Notifications, metadata, report, take_steps, url


async def main() -> None:
    callback = Callback()
    notifications = Notifications()

    async def wait() -> tuple[str, str | None]:
        answer = await callback.wait()
        return answer["code"], answer.get("state")

    provider = OAuthClientProvider(url, metadata(), Memory(), callback.show, wait)
    async with await callback.listen(), streamablehttp_client(url, auth=provider) as (read, write, _):
        async with ClientSession(
            read, write, read_timeout_seconds=timedelta(seconds=20), logging_callback=notifications.take
        ) as session:
            await session.initialize()
            report("tools", names=[tool.name for tool in (await session.list_tools()).tools])
            await take_steps(session.call_tool)
            await notifications.wait()


asyncio.run(main())
