"""A langchain agent with tools from langchain-mcp-adapters. Its model is a script: it asks for one call after another.

What the model is given to read after each call is reported, for that is all an agent knows of a denial.
"""

import asyncio
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from mcp.client.auth import OAuthClientProvider

from walk import Callback, Memory, metadata, report, steps, url


class ScriptedModel(BaseChatModel):
    """Asks for the next step whatever it reads, and ends when there is none."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **_: Any) -> "ScriptedModel":
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        read = [message for message in messages if isinstance(message, ToolMessage)]
        if read:
            step = steps[len(read) - 1]
            report("call", label=step["label"], failed=read[-1].status == "error", text=read[-1].text)
        if len(read) == len(steps):
            return ChatResult(generations=[ChatGeneration(message=AIMessage("done"))])
        step = steps[len(read)]
        asked = {"name": step["tool"], "args": step["arguments"], "id": f"call-{len(read)}"}
        return ChatResult(generations=[ChatGeneration(message=AIMessage("", tool_calls=[asked]))])


async def main() -> None:
    callback = Callback()

    async def wait() -> tuple[str, str | None]:
        answer = await callback.wait()
        return answer["code"], answer.get("state")

    provider = OAuthClientProvider(url, metadata(), Memory(), callback.show, wait)
    servers = MultiServerMCPClient({"behind": {"transport": "streamable_http", "url": url, "auth": provider}})
    async with await callback.listen(), servers.session("behind") as session:
        tools = await load_mcp_tools(session)
        report("tools", names=[tool.name for tool in tools])
        agent = create_agent(ScriptedModel(), tools)
        answer = await asyncio.wait_for(agent.ainvoke({"messages": [("user", "go")]}), 60)
        report("answer", text=answer["messages"][-1].text)


asyncio.run(main())
