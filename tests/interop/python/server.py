"""An MCP server in Python that knows nothing of authorization: `server.py PORT` serves http://127.0.0.1:PORT/mcp."""

import sys

from fastmcp import FastMCP

server = FastMCP("python-fixture")


@server.tool
def echo(message: str) -> str:
    """Says what it was told."""
    return f"Echo: {message}"


if __name__ == "__main__":
    server.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), path="/mcp", show_banner=False)
