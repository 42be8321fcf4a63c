#include "http/fields.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "base/strings.hpp"
#include "http/characters.hpp"

namespace postern::http {

void throw_exception_from_error(const HeadFault& fault, const boost::source_location&) {
  throw std::logic_error(std::string(fault.reason));
}

std::string fault_text(const HeadFault& fault) {
  constexpr std::size_t longest = 64;
  std::size_t shown = 0;
  while (shown < std::min(fault.field.size(), longest) && is(fault.field[shown], character::kToken)) ++shown;
  std::string text(fault.reason);
  if (shown > 0) text.append(" (header: ").append(fault.field.substr(0, shown)).append(")");
  return text;
}

FieldBlock::FieldBlock(const FieldBlock& other) noexcept : size_(other.size_) {
  std::memcpy(storage_, other.storage_, size_ * sizeof(Field));
}

FieldBlock& FieldBlock::operator=(const FieldBlock& other) noexcept {
  if (this == &other) return *this;
  size_ = other.size_;
  std::memcpy(storage_, other.storage_, size_ * sizeof(Field));
  return *this;
}

bool FieldBlock::push(Field field) noexcept {
  if (size_ == kCapacity) return false;
  new (storage_ + size_ * sizeof(Field)) Field(field);
  ++size_;
  return true;
}

const Field* FieldBlock::find(std::string_view name) const noexcept {
  for (const Field& field : all()) {
    if (ascii_iequals(field.name, name)) return &field;
  }
  return nullptr;
}

std::size_t FieldBlock::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(all(), [name](const Field& field) { return ascii_iequals(field.name, name); }));
}

std::optional<std::string_view> FieldBlock::only(std::string_view name) const noexcept {
  const Field* found = nullptr;
  for (const Field& field : all()) {
    if (!ascii_iequals(field.name, name)) continue;
    if (found != nullptr) return std::nullopt;
    found = &field;
  }
  return found != nullptr ? std::optional(found->value) : std::nullopt;
}

}  // namespace postern::http
