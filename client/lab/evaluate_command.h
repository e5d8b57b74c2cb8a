// "shadow-lab forecast evaluate": its options, the files it reads and writes, and its answer.
#pragma once

#include <string>

#include "base/status.h"
#include "lab/evaluate.h"

namespace CLI {
class App;
}

namespace shadowd::lab {

struct EvaluateArguments {
  std::string input, value_column, m4_train, m4_test, plot;
  EvaluateOptions evaluate;
};

void AddEvaluateOptions(CLI::App& evaluate, EvaluateArguments& arguments);
Status RunEvaluate(const EvaluateArguments& arguments, bool json);

}  // namespace shadowd::lab
