#include "app/process/addresses.hpp"

#include <gmock/gmock.h>

#include "unit/app/process/running.hpp"

namespace postern::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class AddressesTest : public Running {
 protected:
  AddressesTest() {
    const auto generation = serve(*process_, load());
    for (int i = 0; i < 2; ++i) {
      workers_.push_back(std::make_unique<ServingWorker>(process_->services, process_->places, generation));
    }
  }

  static config::Listener at(const std::string& host, std::uint16_t port = 0) {
    config::Listener listener;
    listener.host = host;
    listener.port = port;
    return listener;
  }
  static config::Listener secure(const net::CertificateFiles& files) {
    auto listener = at("127.0.0.1");
    listener.certificates.resize(1);
    listener.certificates[0].certificate = files.certificate;
    listener.certificates[0].key = files.key;
    return listener;
  }

  std::unique_ptr<Process> process_ = open(load());
  ServingWorkers workers_;
  Addresses addresses_;
};

TEST_F(AddressesTest, EveryWorkerListensAtTheSamePort) {
  ASSERT_TRUE(addresses_.bind({at("127.0.0.1"), at("::1")}, workers_));
  for (const auto& each : workers_) EXPECT_EQ(each->listeners.size(), 2U);
  EXPECT_THAT(addresses_.names(),
              ElementsAre(MatchesRegex("127\\.0\\.0\\.1:[1-9][0-9]*"), MatchesRegex("\\[::1\\]:[1-9][0-9]*")));
}

TEST_F(AddressesTest, AnAddressThatIsTakenIsTold) {
  Addresses first;
  ASSERT_TRUE(first.bind({at("127.0.0.1")}, workers_));
  const auto name = first.names().front();
  const auto port = static_cast<std::uint16_t>(std::stoi(name.substr(name.find(':') + 1)));
  const auto taken = addresses_.bind({at("127.0.0.1", port)}, workers_);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().what, HasSubstr(name));
  EXPECT_EQ(addresses_.size(), 0U);
}

TEST_F(AddressesTest, CertificatesAreReadAgainWhenTheirFilesChange) {
  const auto files = net_testing::make_certificate(directory_, "first", {"localhost"});
  ASSERT_TRUE(addresses_.bind({secure(files)}, workers_));
  addresses_.reload_certificates(*process_->log);
  std::filesystem::remove(files.certificate);
  const auto renewed = net_testing::make_certificate(directory_, "renewed", {"localhost", "other.example.test"});
  std::filesystem::rename(renewed.certificate, files.certificate);
  std::filesystem::rename(renewed.key, files.key);
  addresses_.reload_certificates(*process_->log);
  addresses_.reload_certificates(*process_->log);
  const auto said = log_of(*process_);
  EXPECT_EQ(said.find("certificates_reloaded"), said.rfind("certificates_reloaded")) << said;
  EXPECT_THAT(said, HasSubstr("certificates_reloaded"));
}

TEST_F(AddressesTest, ACertificateThatDoesNotFitItsKeyLeavesTheFormerInUse) {
  const auto files = net_testing::make_certificate(directory_, "first", {"localhost"});
  ASSERT_TRUE(addresses_.bind({secure(files)}, workers_));
  const auto other = net_testing::make_certificate(directory_, "other", {"other.example.test"});
  std::filesystem::rename(other.certificate, files.certificate);
  addresses_.reload_certificates(*process_->log);
  const auto said = log_of(*process_);
  EXPECT_THAT(said, HasSubstr("certificates_not_reloaded"));
  EXPECT_THAT(said, Not(HasSubstr("\"certificates_reloaded\"")));
}

}  // namespace
}  // namespace postern::app
