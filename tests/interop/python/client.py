"""An MCP client in Python: `client.py URL PORT OPENER...` connects, is called back at PORT, and opens URLs with OPENER.

Reads one message a line and calls the tool `echo` with it; an empty line ends it. The first line it prints is the list
of tools, then one line of text for every call.
"""

import asyncio
import json
import sys
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
from mcp.client import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

from memory import Memory

url, port, *opener = sys.argv[1:]


class Callback:
    """The application's own address, where the browser brings the code."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[AuthorizationCodeResult] = asyncio.Queue()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone")
        await writer.drain()
        writer.close()
        if "code" in query:
            result = AuthorizationCodeResult(code=query["code"], state=query.get("state"), iss=query.get("iss"))
            await self.answers.put(result)

    async def open(self, address: str) -> None:
        process = await asyncio.create_subprocess_exec(*opener, address)
        # The browser waits for its answer from this program, so nobody waits for the browser.
        self.browser = asyncio.create_task(process.wait())

    async def wait(self) -> AuthorizationCodeResult:
        with anyio.fail_after(60):
            return await self.answers.get()


async def main() -> None:
    callback = Callback()
    listener = await asyncio.start_server(callback.serve, "127.0.0.1", int(port))
    metadata = OAuthClientMetadata(
        client_name="Python test client",
        redirect_uris=[f"http://127.0.0.1:{port}/callback"],
        token_endpoint_auth_method="none",
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
    )
    provider = OAuthClientProvider(url, metadata, Memory(), callback.open, callback.wait)
    async with listener, httpx2.AsyncClient(auth=provider, timeout=60) as http:
        async with Client(streamable_http_client(url, http_client=http)) as client:
            tools = await client.list_tools()
            print(json.dumps([tool.name for tool in tools.tools]), flush=True)
            while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
                result = await client.call_tool("echo", {"message": line})
                print(json.dumps("".join(part.text for part in result.content)), flush=True)


asyncio.run(main())
