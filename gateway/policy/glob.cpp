#include "policy/glob.hpp"

#include <algorithm>
#include <optional>

#include <re2/re2.h>

#include "policy/authority.hpp"
#include "policy/percent.hpp"

namespace postern::policy {
namespace {

std::string to_regex(std::string_view glob, GlobKind kind) {
  std::string out;
  while (!glob.empty()) {
    if (glob.front() != '*') {
      const auto star = glob.find('*');
      const auto written = glob.substr(0, star);
      out += RE2::QuoteMeta(kind == GlobKind::uri ? percent_decoded(written) : std::string(written));
      glob.remove_prefix(written.size());
      continue;
    }
    const bool deep = glob.starts_with("**");
    out += deep || kind == GlobKind::name ? "(?s:.*)" : "[^/]*";
    while (glob.starts_with('*')) glob.remove_prefix(1);
  }
  return out;
}

std::shared_ptr<const RE2> compile(std::string_view glob, GlobKind kind) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(RE2::Options::EncodingLatin1);  // bytes: what was decoded need not be UTF-8
  return std::make_shared<const RE2>(to_regex(glob, kind), options);
}

bool any_matches(const std::vector<std::shared_ptr<const RE2>>& matchers, std::string_view text) {
  return std::any_of(matchers.begin(), matchers.end(),
                     [&](const auto& matcher) { return RE2::FullMatch(text, *matcher); });
}

// An encoded star stands for itself, and to_regex() decodes what is left encoded here.
std::optional<std::string> plain_glob(std::string_view glob) {
  const auto decoded = percent_decoded(glob, "*%");
  auto plain = plain_reading(decoded);
  return plain == decoded ? std::nullopt : std::optional(std::move(plain));
}

// The URIs without a port that stand for what the glob names with one. A `**` in the port also reaches into what
// follows the port.
std::vector<std::string> portless_globs(std::string_view glob) {
  const auto decoded = percent_decoded(glob, "*%");
  const auto portless = reading_without_port(decoded);
  if (!portless) return {};
  std::vector<std::string> globs{*portless};
  const auto authority = uri_parts(decoded)->authority.value_or("");
  if (authority.find("**", authority.rfind(':')) == std::string_view::npos) return globs;
  const auto rest = uri_parts(*portless)->rest;
  const auto host = portless->substr(0, portless->size() - rest.size());
  for (const auto* begin : {"/**", "?**", "#**"}) globs.push_back(host + begin + std::string(rest));
  return globs;
}

// A byte that the globs looked at do not hold: only a star of another glob can name it, and whatever stands in its
// place.
constexpr char kAnything = '\x01';
constexpr int kManySegments = 64;

std::string with_stars_as(std::string_view glob, std::string_view shallow, std::string_view deep) {
  std::string out;
  while (!glob.empty()) {
    if (glob.front() != '*') {
      const auto written = glob.substr(0, glob.find('*'));
      out += written;
      glob.remove_prefix(written.size());
      continue;
    }
    out += glob.starts_with("**") ? deep : shallow;
    while (glob.starts_with('*')) glob.remove_prefix(1);
  }
  return out;
}

// Texts that the glob names, chosen so that another glob which names all of them names whatever it names. In URIs a
// `**` is tried without a "/", with one, and with more of them than single stars could stand for.
std::vector<std::string> witnesses_of(std::string_view glob, GlobKind kind) {
  const std::string one(1, kAnything);
  if (kind == GlobKind::name) return {with_stars_as(glob, one, one)};
  std::string many = one;
  for (int i = 0; i < kManySegments; ++i) many += "/" + one;
  std::vector<std::string> texts;
  for (const auto& deep : {one, one + "/" + one, many})
    texts.push_back(percent_decoded(with_stars_as(glob, one, deep)));
  return texts;
}

bool one_matches_all(const std::vector<std::shared_ptr<const RE2>>& matchers, const std::vector<std::string>& texts) {
  return std::ranges::any_of(matchers, [&](const auto& matcher) {
    if (matcher->pattern().find(kAnything) != std::string::npos) return false;
    return std::ranges::all_of(texts, [&](const auto& text) { return RE2::FullMatch(text, *matcher); });
  });
}

}  // namespace

GlobSet::GlobSet(const std::vector<std::string>& globs, GlobKind kind) : kind_(kind) {
  for (const auto& glob : globs) {
    matchers_.push_back(compile(glob, kind));
    if (kind != GlobKind::uri) continue;
    if (const auto plain = plain_glob(glob)) plain_.push_back(compile(*plain, kind));
    for (const auto& portless : portless_globs(glob)) portless_.push_back(compile(portless, kind));
  }
}

bool GlobSet::matches(std::string_view text) const {
  if (matchers_.empty()) return false;
  return any_matches(matchers_, kind_ == GlobKind::uri ? percent_decoded(text) : std::string(text));
}

bool GlobSet::covers(std::string_view glob) const {
  if (glob.find(kAnything) != std::string_view::npos) return false;
  if (!one_matches_all(matchers_, witnesses_of(glob, kind_))) return false;
  if (kind_ == GlobKind::name) return true;
  for (const auto& portless : portless_globs(glob)) {
    if (!one_matches_all(portless_, witnesses_of(portless, kind_))) return false;
  }
  const auto plain = plain_glob(glob);
  if (!plain) return true;
  const auto texts = witnesses_of(*plain, kind_);
  return one_matches_all(matchers_, texts) || one_matches_all(plain_, texts);
}

bool GlobSet::matches_with_port(std::string_view portless) const { return any_matches(portless_, portless); }

bool GlobSet::matches_reading(std::string_view reading) const {
  return any_matches(matchers_, reading) || any_matches(plain_, reading);
}

}  // namespace postern::policy
