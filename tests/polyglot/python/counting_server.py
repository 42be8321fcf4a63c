"""A FastMCP server over stdio whose tools take and give integers, which have no bound in Python."""

from fastmcp import FastMCP

server = FastMCP("counting")


@server.tool
def successor(number: int) -> int:
    """The next integer."""
    return number + 1


@server.tool
def powers(base: int, count: int) -> list[int]:
    """The first powers of an integer."""
    return [base**exponent for exponent in range(count)]


if __name__ == "__main__":
    server.run(show_banner=False)
