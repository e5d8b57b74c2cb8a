// A YAML text as a plain tree with line numbers, within bounds: at most 1 MiB, 32 levels and 100,000 nodes,
// counting a node once for each alias that leads to it (so that aliases cannot blow up), and no mapping that
// has a key twice. Nodes are immutable and shared by aliases. Errors are INVALID_ARGUMENT "file:line: what".
// Pure function, any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace shadowd::config {

inline constexpr size_t kYamlBytesMax = 1 << 20;
inline constexpr size_t kYamlDepthMax = 32;
inline constexpr size_t kYamlNodesMax = 100'000;

struct YamlNode;
using YamlPtr = std::shared_ptr<const YamlNode>;

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMapping };
  struct Entry {
    std::string key;
    int line = 0;
    YamlPtr value;
  };

  Kind kind = Kind::kNull;
  int line = 0;        // from 1
  std::string scalar;  // of kScalar
  bool quoted = false;
  std::vector<YamlPtr> items;  // of kSequence
  std::vector<Entry> entries;  // of kMapping, in the order of the text
  size_t size = 1;             // nodes below and including this one
};

// One tree a document. A text without documents gives none.
StatusOr<std::vector<YamlPtr>> ParseYaml(std::string_view text, std::string_view file);

// INVALID_ARGUMENT "file:line: what".
Status YamlError(std::string_view file, int line, std::string_view what);

}  // namespace shadowd::config
