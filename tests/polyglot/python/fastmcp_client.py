"""The client of FastMCP, with its own callback server. Only the browser that it opens is replaced."""

import asyncio
import webbrowser

from fastmcp import Client
from fastmcp.client.auth import OAuth

from walk import port, report, take_steps, url


def show(address: str, *_: object, **__: object) -> bool:
    report("authorize", url=address)
    return True


async def main() -> None:
    webbrowser.open = show
    auth = OAuth(client_name="Polyglot FastMCP", callback_port=port)
    async with Client(url, auth=auth, timeout=20) as client:
        report("tools", names=[tool.name for tool in await client.list_tools()])

        async def call(tool: str, arguments: dict) -> object:
            return await client.call_tool(tool, arguments, raise_on_error=False)

        await take_steps(call)


asyncio.run(main())
