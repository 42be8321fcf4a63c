"""What every client here has in common: `PROGRAM URL PORT STEPS` reports what it sees, as one JSON object for each line.

STEPS is a JSON list of calls: `{"label", "tool", "arguments"}`. With a fourth word the program ends only after so many
notifications.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mcp.shared.auth import OAuthClientMetadata

# The clients of tests/interop keep their tokens in the same way.
sys.path.append(str(Path(__file__).parents[2] / "interop" / "python"))
from memory import Memory

url, port, steps = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
notifications = int(sys.argv[4]) if len(sys.argv) > 4 else 0


def report(event: str, **details: Any) -> None:
    print(json.dumps({"event": event, **details}), flush=True)


def metadata() -> OAuthClientMetadata:
    return OAuthClientMetadata(
        client_name="Polyglot Python",
        redirect_uris=[f"http://127.0.0.1:{port}/callback"],
        token_endpoint_auth_method="none",
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
    )


class Callback:
    """The application's own address on the loopback, where the browser brings the code."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone")
        await writer.drain()
        writer.close()
        await self.answers.put({name: values[0] for name, values in parse_qs(urlsplit(target).query).items()})

    async def listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", port)

    async def show(self, address: str) -> None:
        report("authorize", url=address)

    async def wait(self) -> dict[str, str]:
        return await self.answers.get()


async def take_steps(call: Callable[[str, dict[str, Any]], Awaitable[Any]]) -> None:
    """Makes each call and goes on after one that fails, as an agent does. `call` returns a result of MCP."""
    for step in steps:
        try:
            result = await call(step["tool"], step["arguments"])
        except Exception as error:
            report("call", label=step["label"], failed=True, text=f"{type(error).__name__}: {error}")
        else:
            failed = bool(getattr(result, "isError", None) or getattr(result, "is_error", None))
            text = "".join(part.text for part in result.content)
            report("call", label=step["label"], failed=failed, text=text)


class Notifications:
    """Reports each log message of the server. `wait` returns once the number on the command line has come."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[None] = asyncio.Queue()

    async def take(self, params: Any) -> None:
        report("notification", text=params.data)
        await self.heard.put(None)

    async def wait(self) -> None:
        for _ in range(notifications):
            await self.heard.get()
