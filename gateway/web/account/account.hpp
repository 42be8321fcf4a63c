#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/message.hpp"
#include "tenant/catalog.hpp"
#include "tenant/directory.hpp"
#include "web/account/account_views.hpp"
#include "web/browser.hpp"
#include "web/pages.hpp"

// What the pages of an account share. All of it is about what the authorization servers of this origin protect: with
// `{tenant}` in the host that is one tenant's, and nothing of another is shown or changed there.
namespace postern::web {

// Who is signed in, or the answer to whoever is not: GET goes to /login and comes back, POST is refused.
boost::system::result<Session, http::Response> require_session(const http::Request& request,
                                                               const PageContext& context);
// A POST of one of these pages: 415, 400 and 403 as own_form() has them, and 403 without the token of that page.
boost::system::result<http::Form, http::Response> account_form(const http::Request& request, std::string_view form,
                                                               const Session& session, const PageContext& context);

// Something a member can connect to: a resource of one of their tenants, on a plan that includes it.
struct Reachable {
  tenant::Membership membership;
  tenant::ResourcePtr resource;   // that of the tenant
  std::vector<std::string> urls;  // all its addresses, the canonical one first
};
// About `most` of them: some people belong to thousands of tenants.
Result<std::vector<Reachable>> reachable(std::string_view user, std::size_t most, const PageContext& context);
// Of one tenant.
Result<std::vector<Reachable>> reachable_in(std::string_view tenant, std::string_view user, const PageContext& context);

// The user's grants that are neither revoked nor over, newest first.
Result<std::vector<store::Grant>> living_grants(std::string_view user, store::GrantKind kind,
                                                const PageContext& context);
// nullopt: there is none, it is somebody else's, of another kind or of elsewhere; which of these is nobody's business.
Result<std::optional<store::Grant>> own_grant(std::string_view id, std::string_view user, store::GrantKind kind,
                                              const PageContext& context);

// Names of what grants are about, each looked up once.
class Names {
 public:
  explicit Names(const PageContext& context) : context_(context) {}

  Result<GrantFacts> facts(const store::Grant& grant);
  // The client's name, and where it comes from.
  Result<std::pair<std::string, std::string>> client(const std::string& id);

 private:
  Result<std::string> tenant(const std::string& handle);

  const PageContext& context_;
  std::map<std::string, std::string> tenants_;
  std::map<std::string, std::pair<std::string, std::string>> clients_;
};

AccountHead head_of(const Session& session, AccountPlace place, std::string notice = {});

}  // namespace postern::web
