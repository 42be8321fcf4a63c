#include "oauth/foreign_documents.hpp"

namespace postern::oauth {

Result<DocumentText> ForeignDocuments::get(WantedDocument document) {
  for (const auto& [known, text] : brought_) {
    if (known == document) return text;
  }
  if (at_hand_) {
    if (auto text = at_hand_(document)) return *std::move(text);
  }
  wanted_ = std::move(document);
  return fail(Errc::unavailable, "the document is not here yet");
}

void ForeignDocuments::bring(Result<DocumentText> text) {
  if (!wanted_) return;
  brought_.emplace_back(*std::move(wanted_), std::move(text));
  wanted_.reset();
}

}  // namespace postern::oauth
