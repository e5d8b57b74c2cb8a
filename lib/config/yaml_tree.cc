#include "config/yaml_tree.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <set>
#include <sstream>

#include "rpc/convert_basic.h"

namespace shadowd::config {
namespace {

using Kind = YamlNode::Kind;

// Builds the tree of one document from yaml-cpp's events. The first error is kept and what follows is
// ignored, so that the tree never grows past its bounds.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view file) : file_(file) {}

  const Status& status() const { return status_; }
  YamlPtr root() const { return root_; }
  const YAML::Mark& start() const { return start_; }

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    AddLeaf(Kind::kNull, mark, "", false, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    AddLeaf(Kind::kScalar, mark, value, tag == "!", anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(Kind::kSequence, mark, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(Kind::kMapping, mark, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  // A container that is still open, and the key that waits for its value.
  struct Frame {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor = 0;
    std::set<std::string> keys;
    bool has_key = false;
    std::string key;
    int key_line = 0;
  };

  void Fail(int line, const std::string& what) {
    if (status_.ok()) {
      status_ = YamlError(file_, line, what);
    }
  }
  static int LineOf(const YAML::Mark& mark) { return mark.line + 1; }
  void AddLeaf(Kind kind, const YAML::Mark& mark, const std::string& value, bool quoted,
               YAML::anchor_t anchor);
  void Open(Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor);
  void Close();
  void Add(YamlPtr node, int line);
  void AddToMapping(Frame& frame, YamlPtr node, int line);

  std::string_view file_;
  YAML::Mark start_;
  Status status_;
  YamlPtr root_;
  std::vector<Frame> open_;
  std::map<YAML::anchor_t, YamlPtr> anchors_;
  size_t nodes_ = 0;
};

void TreeBuilder::AddLeaf(Kind kind, const YAML::Mark& mark, const std::string& value, bool quoted,
                          YAML::anchor_t anchor) {
  if (!status_.ok()) {
    return;
  }
  if (rpc::Utf8(value) != value) {  // a message could not carry it
    return Fail(LineOf(mark), "a text that is not UTF-8");
  }
  auto node = std::make_shared<YamlNode>();
  node->kind = kind;
  node->line = LineOf(mark);
  node->scalar = value;
  node->quoted = quoted;
  if (anchor != 0) {
    anchors_[anchor] = node;
  }
  Add(std::move(node), LineOf(mark));
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (!status_.ok()) {
    return;
  }
  const auto found = anchors_.find(anchor);  // anchors of containers appear when these close: no cycles
  if (found == anchors_.end()) {
    return Fail(LineOf(mark), "an alias inside what it stands for");
  }
  Add(found->second, LineOf(mark));
}

void TreeBuilder::Open(Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (!status_.ok()) {
    return;
  }
  if (open_.size() >= kYamlDepthMax) {
    return Fail(LineOf(mark), fmt::format("nested deeper than {} levels", kYamlDepthMax));
  }
  Frame& frame = open_.emplace_back();
  frame.node = std::make_shared<YamlNode>();
  frame.node->kind = kind;
  frame.node->line = LineOf(mark);
  frame.anchor = anchor;
}

void TreeBuilder::Close() {
  if (!status_.ok()) {
    return;
  }
  Frame frame = std::move(open_.back());
  open_.pop_back();
  if (frame.anchor != 0) {
    anchors_[frame.anchor] = frame.node;
  }
  const int line = frame.node->line;
  nodes_ -= frame.node->size - 1;  // counted again with the whole
  Add(std::move(frame.node), line);
}

void TreeBuilder::Add(YamlPtr node, int line) {
  nodes_ += node->size;
  if (nodes_ > kYamlNodesMax) {
    return Fail(line, fmt::format("more than {} nodes, aliases followed", kYamlNodesMax));
  }
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Frame& frame = open_.back();
  if (frame.node->kind == Kind::kMapping) {
    return AddToMapping(frame, std::move(node), line);
  }
  frame.node->size += node->size;
  frame.node->items.push_back(std::move(node));
}

void TreeBuilder::AddToMapping(Frame& frame, YamlPtr node, int line) {
  frame.node->size += node->size;
  if (frame.has_key) {
    frame.has_key = false;
    frame.node->entries.push_back({std::move(frame.key), frame.key_line, std::move(node)});
    return;
  }
  if (node->kind != Kind::kScalar) {
    return Fail(line, "a key must be a plain word");
  }
  if (!frame.keys.insert(node->scalar).second) {
    return Fail(line, fmt::format("duplicate key '{}'", node->scalar));
  }
  frame.key = node->scalar;
  frame.key_line = line;
  frame.has_key = true;
}

}  // namespace

Status YamlError(std::string_view file, int line, std::string_view what) {
  return WithReason(InvalidArgument("{}:{}: {}", file, line, what), "INVALID_YAML");
}

StatusOr<std::vector<YamlPtr>> ParseYaml(std::string_view text, std::string_view file) {
  if (text.size() > kYamlBytesMax) {
    return YamlError(file, 1, fmt::format("{} bytes, more than {}", text.size(), kYamlBytesMax));
  }
  std::vector<YamlPtr> documents;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    for (int last_start = -1;;) {
      TreeBuilder builder(file);
      if (!parser.HandleNextDocument(builder)) {
        return documents;
      }
      SHADOWD_RETURN_IF_ERROR(builder.status());
      // At a stray bracket the parser finds empty documents for ever, each at the same place.
      if (builder.start().pos <= last_start) {
        return YamlError(file, builder.start().line + 1, "a bracket or comma that belongs to nothing");
      }
      last_start = builder.start().pos;
      if (builder.root() != nullptr && builder.root()->kind != Kind::kNull) {
        documents.push_back(builder.root());
      }
    }
  } catch (const YAML::Exception& error) {
    return YamlError(file, error.mark.line + 1, error.msg);
  } catch (const std::exception& error) {
    return YamlError(file, 1, error.what());
  }
}

}  // namespace shadowd::config
