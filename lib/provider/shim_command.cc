#include "provider/shim_command.h"

#include <charconv>
#include <map>
#include <system_error>

namespace shadowd::provider {
namespace {

// Each option is one word "--name=value"; "--" ends them, what follows is the child's argv.
class Options {
 public:
  void Add(const std::string& word) {
    const size_t equals = word.find('=');
    values_.emplace(word.substr(0, equals), equals == std::string::npos ? "" : word.substr(equals + 1));
  }
  std::string Text(const std::string& name) {
    const auto found = values_.find(name);
    return found == values_.end() ? "" : found->second;
  }
  std::vector<std::string> Texts(const std::string& name) {
    std::vector<std::string> texts;
    const auto [begin, end] = values_.equal_range(name);
    for (auto it = begin; it != end; ++it) {
      texts.push_back(it->second);
    }
    return texts;
  }
  bool Flag(const std::string& name) const { return values_.count(name) != 0; }
  template <typename Number>
  Number NumberOf(const std::string& name, Status& status) {
    const std::string text = Text(name);
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (!text.empty() && (error != std::errc() || end != text.data() + text.size())) {
      status.Update(WithField(InvalidArgument("{}: '{}' is no number", name, text), name));
    }
    return number;
  }

 private:
  std::multimap<std::string, std::string> values_;
};

}  // namespace

std::vector<std::string> EncodeShimArgv(const std::string& shim_path, const ShimCommand& command) {
  const ProcessPlan& plan = command.plan;
  std::vector<std::string> argv = {
      shim_path, "--directory=" + command.directory, "--record=" + EncodeRecord(plan.record),
      "--working-dir=" + plan.working_dir, fmt::format("--output-bytes-max={}", plan.output_bytes_max)};
  const auto add = [&argv](bool wanted, std::string word) {
    if (wanted) {
      argv.push_back(std::move(word));
    }
  };
  for (const std::string& group : command.child_cgroups) {
    add(true, "--child-cgroup=" + group);
  }
  for (const std::string& group : command.shim_cgroups) {
    add(true, "--shim-cgroup=" + group);
  }
  for (const int cpu : plan.cpu_set) {
    add(true, fmt::format("--cpu={}", cpu));
  }
  add(plan.cpu_idle, "--cpu-idle");
  add(plan.memory_max_bytes > 0, fmt::format("--memory-max-bytes={}", plan.memory_max_bytes));
  add(plan.ttl.count() > 0, fmt::format("--ttl-us={}", plan.ttl.count()));
  add(plan.die_with_shim, "--die-with-shim");
  add(command.poll_memory, "--poll-memory");
  add(command.autogroup_nice, "--autogroup-nice");
  add(!command.note.empty(), "--note=" + command.note);
  argv.emplace_back("--");
  argv.insert(argv.end(), plan.argv.begin(), plan.argv.end());
  return argv;
}

StatusOr<ShimCommand> DecodeShimArgv(const std::vector<std::string>& argv) {
  Options options;
  size_t at = 1;
  for (; at < argv.size() && argv[at] != "--"; ++at) {
    options.Add(argv[at]);
  }
  ShimCommand command;
  ProcessPlan& plan = command.plan;
  for (++at; at < argv.size(); ++at) {
    plan.argv.push_back(argv[at]);
  }
  if (plan.argv.empty()) {
    return InvalidArgument("no program after --; shadowd starts this program, not people");
  }
  SHADOWD_ASSIGN_OR_RETURN(plan.record, DecodeRecord(options.Text("--record")));
  plan.cgroup = plan.record.cgroup;
  command.directory = options.Text("--directory");
  plan.working_dir = options.Text("--working-dir");
  command.child_cgroups = options.Texts("--child-cgroup");
  command.shim_cgroups = options.Texts("--shim-cgroup");
  Status status;
  for (const std::string& text : options.Texts("--cpu")) {
    Options one;
    one.Add("--cpu=" + text);
    plan.cpu_set.push_back(one.NumberOf<int>("--cpu", status));
  }
  plan.output_bytes_max = options.NumberOf<uint64_t>("--output-bytes-max", status);
  plan.memory_max_bytes = options.NumberOf<uint64_t>("--memory-max-bytes", status);
  plan.ttl = Micros(options.NumberOf<int64_t>("--ttl-us", status));
  plan.cpu_idle = options.Flag("--cpu-idle");
  plan.die_with_shim = options.Flag("--die-with-shim");
  command.poll_memory = options.Flag("--poll-memory");
  command.autogroup_nice = options.Flag("--autogroup-nice");
  command.note = options.Text("--note");
  SHADOWD_RETURN_IF_ERROR(status);
  if (command.directory.empty()) {
    return WithField(InvalidArgument("--directory is empty"), "--directory");
  }
  return command;
}

}  // namespace shadowd::provider
