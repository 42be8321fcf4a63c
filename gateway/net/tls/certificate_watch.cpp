#include <sys/stat.h>

#include "net/tls/tls.hpp"

namespace postern::net {

namespace {

// What changes when the file behind the name is replaced or rewritten; empty when there is none to be seen.
std::string mark_of(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return {};
  return std::to_string(found.st_dev) + ':' + std::to_string(found.st_ino) + ':' + std::to_string(found.st_size) + ':' +
         std::to_string(found.st_mtim.tv_sec) + '.' + std::to_string(found.st_mtim.tv_nsec);
}

}  // namespace

CertificateWatch::CertificateWatch(std::vector<CertificateFiles> files) : files_(std::move(files)) {
  for (const CertificateFiles& file : files_) {
    seen_.push_back(mark_of(file.certificate));
    seen_.push_back(mark_of(file.key));
  }
}

bool CertificateWatch::changed() {
  bool any = false;
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    const CertificateFiles& file = files_[i / 2];
    std::string mark = mark_of(i % 2 == 0 ? file.certificate : file.key);
    if (mark.empty() || mark == seen_[i]) continue;
    seen_[i] = std::move(mark);
    any = true;
  }
  return any;
}

}  // namespace postern::net
