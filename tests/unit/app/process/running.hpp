#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "app/loading/loaded.hpp"
#include "app/process/generation.hpp"
#include "app/process/process.hpp"
#include "unit/net/certificates.hpp"

namespace postern::app {

// A process with its store and its log in a directory that goes with the test, and configurations for it.
class Running : public testing::Test {
 protected:
  Loaded load(const std::string& further = "", const std::string& server = "issuer: \"http://localhost:8080\"") {
    std::ofstream(directory_ / "c.yaml") << "listen: [{address: 127.0.0.1:8080}]\nstore: sqlite:postern.db\n"
                                            "log: {file: postern.log}\nauthorization_servers: {main: {" +
                                                server +
                                                "}}\nupstreams: {back: {urls: [\"http://127.0.0.1:3001/mcp\"]}}\n"
                                                "resources: [{serve: \"http://localhost:8080/mcp\", upstream: back, "
                                                "policy: default}]\n" +
                                                further;
    auto loaded = app::load(directory_ / "c.yaml", config::system_sources());
    if (!loaded) ADD_FAILURE() << loaded.error().to_string();
    return loaded ? std::move(*loaded) : Loaded();
  }
  // The process that this configuration opens.
  std::unique_ptr<Process> open(Loaded loaded) {
    auto opened = open_process(loaded.config);
    if (!opened) ADD_FAILURE() << opened.error().what;
    return opened ? std::move(*opened) : nullptr;
  }
  static std::shared_ptr<const runtime::Generation> serve(Process& process, Loaded loaded) {
    auto made = make_generation(std::move(loaded), process);
    if (!made) ADD_FAILURE() << made.error().what;
    if (made) process.current.set(made->served);
    return process.current.get();
  }
  // What the process has logged so far.
  std::string log_of(Process& process) {
    process.log->close();
    std::ifstream in(directory_ / "postern.log");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  net_testing::TemporaryDirectory directory_;
};

}  // namespace postern::app
