#include "rest/openapi.hpp"

#include <gtest/gtest.h>

namespace postern::rest {
namespace {

using nlohmann::json;

Api shop() {
  Api api;
  api.name = "Shopping Assistant";
  api.origin = "https://tools.example.test";
  api.version = "abc";
  api.authorize_url = "https://login.example.test/authorize";
  api.token_url = "https://login.example.test/token";
  api.scopes = {{"shop.read", "See products"}, {"shop.buy", "Buy them"}};
  api.default_scopes = {"shop.read", "shop.buy"};
  return api;
}

Tool tool(std::string name) {
  Tool made;
  made.name = std::move(name);
  return made;
}

json document_of(const std::vector<Tool>& tools) {
  std::vector<UsableTool> usable;
  for (const auto& each : tools) usable.push_back({&each, {"shop.read"}});
  return json::parse(openapi_document(shop(), usable));
}

TEST(OpenApi, HasOnePathForEachTool) {
  auto search = tool("search_products");
  search.title = "Search";
  search.description = "Search the product catalog.";
  search.input = json::parse(R"({"type":"object","properties":{"query":{"type":"string"}},"required":["query"]})");
  search.output = json::parse(R"({"type":"object","properties":{"found":{"type":"integer"}}})");
  search.read_only = true;
  const auto document = document_of({search, tool("view_cart")});
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_EQ(document["servers"][0]["url"], "https://tools.example.test");
  ASSERT_EQ(document["paths"].size(), 2U);
  const auto& post = document["paths"]["/tools/search_products"]["post"];
  EXPECT_EQ(post["operationId"], "search_products");
  EXPECT_EQ(post["summary"], "Search");
  EXPECT_EQ(post["description"], "Search the product catalog.");
  EXPECT_EQ(post["x-openai-isConsequential"], false);
  EXPECT_EQ(post["requestBody"]["required"], true);
  EXPECT_EQ(post["security"], json::parse(R"([{"oauth":["shop.read"]}])"));
  const auto& schemas = document["components"]["schemas"];
  EXPECT_EQ(schemas["search_products_arguments"]["properties"]["query"]["type"], "string");
  EXPECT_EQ(schemas["search_products_result"]["properties"]["found"]["type"], "integer");
  EXPECT_EQ(post["responses"]["200"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/search_products_result");
  const auto& plain = document["paths"]["/tools/view_cart"]["post"];
  EXPECT_EQ(plain["requestBody"]["required"], false);
  EXPECT_EQ(plain["responses"]["200"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/ToolAnswer");
  EXPECT_FALSE(plain.contains("x-openai-isConsequential"));
}

TEST(OpenApi, SaysWhereTokensComeFrom) {
  const auto scheme = document_of({})["components"]["securitySchemes"]["oauth"];
  EXPECT_EQ(scheme["type"], "oauth2");
  EXPECT_EQ(scheme["flows"]["clientCredentials"]["tokenUrl"], "https://login.example.test/token");
  EXPECT_EQ(scheme["flows"]["authorizationCode"]["authorizationUrl"], "https://login.example.test/authorize");
  EXPECT_EQ(scheme["flows"]["clientCredentials"]["scopes"]["shop.buy"], "Buy them");
}

TEST(OpenApi, AServerWithoutAnAuthorizationEndpointHasNoFlowForIt) {
  auto api = shop();
  api.authorize_url.clear();
  const auto flows = json::parse(openapi_document(api, {}))["components"]["securitySchemes"]["oauth"]["flows"];
  EXPECT_TRUE(flows.contains("clientCredentials"));
  EXPECT_FALSE(flows.contains("authorizationCode"));
}

TEST(OpenApi, OddNamesHavePathsOfTheirOwnAndNamesThatNoPathHoldsHaveNone) {
  const auto document = document_of({tool("links.get"), tool("links_get"), tool("a/b"), tool("a//b"), tool(".."),
                                     tool("größe"), tool("{x}"), tool("links.get")});
  std::vector<std::string> paths;
  for (const auto& [path, item] : document["paths"].items()) paths.push_back(path);
  EXPECT_EQ(paths, (std::vector<std::string>{"/tools/%7Bx%7D", "/tools/a/b", "/tools/gr%C3%B6%C3%9Fe",
                                             "/tools/links.get", "/tools/links_get"}));
  EXPECT_EQ(document["paths"]["/tools/links.get"]["post"]["operationId"], "links_get");
  EXPECT_EQ(document["paths"]["/tools/links_get"]["post"]["operationId"], "links_get_2");
}

TEST(OpenApi, TextThatIsNoUtf8DoesNotBreakIt) {
  auto broken = tool("a");
  broken.description = "\xFF";
  EXPECT_NO_THROW(document_of({broken}));
}

TEST(PluginManifest, NamesTheDocumentAndTheServerButNoTool) {
  const auto manifest = json::parse(plugin_manifest(shop()));
  EXPECT_EQ(manifest["schema_version"], "v1");
  EXPECT_EQ(manifest["name_for_human"], "Shopping Assistant");
  EXPECT_EQ(manifest["name_for_model"], "shopping_assistant");
  EXPECT_EQ(manifest["api"]["type"], "openapi");
  EXPECT_EQ(manifest["api"]["url"], "https://tools.example.test/.well-known/openapi.json");
  EXPECT_EQ(manifest["auth"]["type"], "oauth");
  EXPECT_EQ(manifest["auth"]["authorization_url"], "https://login.example.test/token");
  EXPECT_EQ(manifest["auth"]["scope"], "shop.read shop.buy");
}

}  // namespace
}  // namespace postern::rest
