#pragma once

#include <cstddef>
#include <ranges>
#include <string>
#include <string_view>

namespace postern::config {

// The least number of single-character edits from `a` to `b`. Pure.
std::size_t edit_distance(std::string_view a, std::string_view b);

// How many edits may lie between a word and what was meant by it: a third of its length, but one for short words.
std::size_t longest_slip(std::string_view word) noexcept;

// The candidate that a misspelt word most likely means; empty when none is near enough.
template <std::ranges::input_range Words>
std::string nearest(std::string_view word, const Words& candidates) {
  std::size_t best = longest_slip(word) + 1;
  std::string name;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > word.size() + best || word.size() > candidate.size() + best) continue;
    if (const auto distance = edit_distance(word, candidate); distance < best) {
      best = distance;
      name = candidate;
    }
  }
  return name;
}

}  // namespace postern::config
