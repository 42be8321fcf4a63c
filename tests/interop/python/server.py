"""An MCP server in Python that knows nothing of authorization.

`server.py PORT` serves http://127.0.0.1:PORT/mcp, and `server.py stdio` its standard input and output.
"""

import sys

from fastmcp import FastMCP

server = FastMCP("python-fixture")


@server.tool
def echo(message: str) -> str:
    """Says what it was told."""
    return f"Echo: {message}"


@server.tool
def successor(number: int) -> int:
    """The next integer, of any size."""
    return number + 1


if __name__ == "__main__" and sys.argv[1] == "stdio":
    server.run(transport="stdio", show_banner=False)
elif __name__ == "__main__":
    server.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), path="/mcp", show_banner=False)
