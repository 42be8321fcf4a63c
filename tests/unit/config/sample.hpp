#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "unit/config/fake_sources.hpp"
#include "unit/source_dir.hpp"

namespace postern::config {

inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A configuration with every key that is served, and what its ${…} and its files hold.
inline std::string sample_text() { return read_text(source_dir() + "/tests/unit/config/sample.yaml"); }
inline FakeSources sample_sources() {
  return {{{"UPSTREAM_TOKEN", "hunter2"}, {"MCP_REDIRECT_DOMAINS", "chatgpt.com,claude.ai"}},
          {{"/etc/postern/tls/acme.pem", "pem"},
           {"/etc/postern/tls/acme.key", "key"},
           {"/etc/postern/tls/authorities.pem", "pem"}}};
}
inline constexpr const char* kSamplePath = "/etc/postern/postern.yaml";

}  // namespace postern::config
