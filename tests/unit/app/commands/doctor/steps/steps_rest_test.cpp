#include <gtest/gtest.h>

#include <sstream>

#include "app/commands/doctor/report.hpp"
#include "unit/app/commands/doctor/deployment.hpp"

namespace postern::app::doctor {
namespace {

void serve_rest(Deployment& deployment) {
  const std::string at = "GET " + std::string(kOrigin);
  deployment.at[at + "/health"] = json_answer(200, {{"status", "ok"}});
  const nlohmann::json post{{"post", {{"operationId", "x"}}}};
  deployment.at[at + "/.well-known/openapi.json"] = json_answer(
      200, {{"openapi", "3.1.0"}, {"paths", {{"/tools/search", post}, {"/tools/buy", post}, {"/health", {}}}}});
  deployment.at[at + "/.well-known/ai-plugin.json"] =
      json_answer(200, {{"api", {{"type", "openapi"}, {"url", "https://ai.example.test/.well-known/openapi.json"}}}});
}

std::string printed(const Diagnosis& diagnosis) {
  std::ostringstream out;
  print(out, diagnosis, {});
  return out.str();
}

Diagnosis rest_of(Deployment& deployment) {
  auto walk = walk_of(deployment);
  return diagnose(walk, {}, true);
}

TEST(DoctorOfRest, PrintsTheFiveLinesWithTheNumberOfTools) {
  Deployment deployment;
  serve_rest(deployment);
  const auto* lines =
      "✅ Health Check\n"
      "✅ OpenID Connect Discovery\n"
      "✅ OAuth Protected Resource Metadata\n"
      "✅ OpenAPI Schema (2 tools discovered)\n"
      "✅ Actions Manifest\n";
  EXPECT_EQ(printed(rest_of(deployment)), lines);
  EXPECT_NE(printed(diagnosis_of(deployment)).find(lines), std::string::npos);
}

TEST(DoctorOfRest, IsSilentWhereThereIsNoneUnlessItIsAskedFor) {
  Deployment deployment;
  EXPECT_TRUE(diagnosis_of(deployment).rest.empty());
  EXPECT_FALSE(rest_of(deployment).is_well());
}

TEST(DoctorOfRest, NamesEachFault) {
  const auto fault = [](const char* path, const Answer& answer, const char* step) {
    Deployment deployment;
    serve_rest(deployment);
    deployment.at["GET " + std::string(kOrigin) + path] = answer;
    return finding_of(rest_of(deployment), step).fault;
  };
  const auto* openapi = "/.well-known/openapi.json";
  EXPECT_EQ(fault("/health", page(503), "rest_health"), "health");
  EXPECT_EQ(fault(openapi, page(), "rest_openapi"), "html");
  EXPECT_EQ(fault(openapi, json_answer(200, {{"swagger", "2.0"}}), "rest_openapi"), "openapi_version");
  EXPECT_EQ(fault(openapi, json_answer(200, {{"openapi", "3.1.0"}}), "rest_openapi"), "openapi_paths");
  EXPECT_EQ(
      fault(openapi, json_answer(200, {{"openapi", "3.1.0"}, {"paths", nlohmann::json::object()}}), "rest_openapi"),
      "openapi_no_tools");
  EXPECT_EQ(fault("/.well-known/ai-plugin.json", json_answer(200, {{"api", 1}}), "rest_manifest"),
            "manifest_incomplete");
  EXPECT_EQ(fault("/.well-known/openid-configuration", json_answer(200, {{"issuer", "x"}}), "rest_openid"),
            "openid_incomplete");
}

TEST(DoctorOfRest, ADocumentThatNeedsATokenIsNoFault) {
  Deployment deployment;
  serve_rest(deployment);
  const auto at = "GET " + std::string(kOrigin) + "/.well-known/openapi.json";
  const auto document = deployment.at[at];
  deployment.at[at] = Deployment::challenge(Deployment::metadata_url());
  const auto without = rest_of(deployment);
  EXPECT_TRUE(without.is_well());
  EXPECT_EQ(finding_of(without, "rest_openapi").state, State::note);
  EXPECT_NE(printed(without).find("⚠️ OpenAPI Schema [openapi_needs_token]"), std::string::npos);

  deployment.with_token[at] = document;
  auto walk = walk_of(deployment);
  walk.token = "good";
  EXPECT_EQ(finding_of(diagnose(walk, {}, true), "rest_openapi").seen, "2 tools discovered");

  deployment.with_token.clear();
  auto refused = walk_of(deployment);
  refused.token = "bad";
  EXPECT_FALSE(diagnose(refused, {}, true).is_well());
}

}  // namespace
}  // namespace postern::app::doctor
