#pragma once

#include <string>

#include "upstream/fetch/documents.hpp"
#include "upstream/fetch/fetcher.hpp"

namespace postern::idp {

// How documents of providers are kept: the operator chose the place, so the last good ones are used on while it is away
// or says something else; a key that is not known makes the gateway ask again a few times a minute at most.
upstream::DocumentOptions provider_document_options();

// A provider's metadata, from the other place an issuer may have it at when there is none here. Blocks. Errors: those
// of Fetcher::get().
Result<upstream::Fetched> fetch_provider_metadata(upstream::Fetcher& fetcher, const std::string& url);
// A provider's public keys; protocol also when none of them can be used, so that good ones are not replaced by it.
Result<upstream::Fetched> fetch_provider_keys(upstream::Fetcher& fetcher, const std::string& url);

}  // namespace postern::idp
