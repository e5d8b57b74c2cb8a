// Many series, one forecast each.
#include <algorithm>
#include <map>

#include "lab/evaluate.h"
#include "lab/evaluate_parts.h"

namespace shadowd::lab {
namespace {

constexpr Micros kHour = std::chrono::hours(1);

// Means of optional values over series: only where each has one.
class Mean {
 public:
  void Add(std::optional<double> value) {
    sum_ += value.value_or(0);
    have_ += value ? 1 : 0;
  }
  std::optional<double> Over() const {
    return have_ > 0 ? std::optional<double>(sum_ / have_) : std::nullopt;
  }

 private:
  double sum_ = 0, have_ = 0;
};

struct SeriesMeans {
  Mean smape, mase, msis, coverage, peak_coverage, margin, width;

  void Add(const forecast::Scores& scores) {
    smape.Add(scores.smape);
    mase.Add(scores.mase);
    msis.Add(scores.msis);
    coverage.Add(scores.coverage);
    peak_coverage.Add(scores.peak_coverage);
    margin.Add(scores.mean_upper_margin);
    width.Add(scores.mean_relative_width);
  }
  void Write(forecast::Scores& scores) const {
    scores.smape = smape.Over().value_or(0);
    scores.mase = mase.Over();
    scores.msis = msis.Over();
    scores.coverage = coverage.Over().value_or(0);
    scores.peak_coverage = peak_coverage.Over().value_or(0);
    scores.mean_upper_margin = margin.Over();
    scores.mean_relative_width = width.Over();
  }
};

StatusOr<std::span<const double>> TestOf(const NamedSeries& series, size_t horizon,
                                         const std::map<std::string, const NamedSeries*>& tests) {
  const auto found = tests.find(series.name);
  if (found == tests.end()) {
    return InvalidArgument("series '{}' is in the training file, but not in the test file", series.name);
  }
  const std::vector<double>& values = found->second->values;
  if (values.size() < horizon) {
    return InvalidArgument("series '{}' has {} steps to test with, fewer than the horizon of {}", series.name,
                           values.size(), horizon);
  }
  return std::span(values).first(horizon);
}

}  // namespace

StatusOr<HeldOut> HoldOut(std::span<const NamedSeries> all, size_t steps) {
  HeldOut parts;
  for (const NamedSeries& series : all) {
    if (series.values.size() < steps + kTrainingMin) {
      return InvalidArgument(
          "series '{}' has {} steps: the last {} are held out, and at least {} must be left to "
          "learn from",
          series.name, series.values.size(), steps, kTrainingMin);
    }
    const auto cut = series.values.end() - static_cast<std::ptrdiff_t>(steps);
    parts.train.push_back({series.name, {series.values.begin(), cut}});
    parts.test.push_back({series.name, {cut, series.values.end()}});
  }
  return parts;
}

StatusOr<Evaluation> EvaluateSeries(std::span<const NamedSeries> train, std::span<const NamedSeries> test,
                                    const EvaluateOptions& options, const CpuSeconds& cpu,
                                    const Progress& progress) {
  std::map<std::string, const NamedSeries*> tests;
  for (const NamedSeries& series : test) {
    tests[series.name] = &series;
  }
  Evaluation evaluation;
  evaluation.series = train.size();
  evaluation.horizon = options.horizon;
  evaluation.step = kHour;
  const auto horizon = static_cast<size_t>(options.horizon);
  const size_t season =
      options.seasons.empty()
          ? kM4Season
          : static_cast<size_t>(*std::min_element(options.seasons.begin(), options.seasons.end()));
  SeriesMeans means;
  PlanPeaks peaks;
  double seconds = 0;
  for (const NamedSeries& series : train) {
    SHADOWD_ASSIGN_OR_RETURN(const std::span<const double> truth, TestOf(series, horizon, tests));
    if (series.values.size() < kTrainingMin) {
      return InvalidArgument("series '{}' has {} steps to learn from; at least {} are needed", series.name,
                             series.values.size(), kTrainingMin);
    }
    SHADOWD_RETURN_IF_ERROR(CheckSeasons(fmt::format("series '{}'", series.name), options.seasons,
                                         series.values.size(), series.values.size()));
    std::vector<std::pair<WallTime, double>> history;
    for (size_t t = 0; t < series.values.size(); ++t) {
      history.emplace_back(WallTime(kHour * static_cast<int64_t>(t)), series.values[t]);
    }
    const double before = cpu();
    forecast::DemandForecaster forecaster(model::ServiceId(series.name),
                                          ForecastOptions(options, kHour, horizon));
    forecaster.Import(history);
    RefitIfWanted(forecaster);
    const model::Forecast forecast = forecaster.Predict();
    seconds += cpu() - before;
    const WallTime first = history.back().first + kHour;
    forecast::Scorer scorer(forecast::SeasonalScale(series.values, season), options.coverage);
    scorer.AddOrigin(Score(forecast, first, kHour, truth));
    means.Add(scorer.Result());
    peaks.Add(forecaster.PeakUpper(Micros(0), kHour * options.horizon), truth);
    evaluation.scores.steps += horizon;
    Tell(progress, ++evaluation.scores.origins, train.size());
  }
  means.Write(evaluation.scores);
  peaks.Write(evaluation);
  if (evaluation.scores.mase) {
    evaluation.owa =
        forecast::OverallWeightedAverage(evaluation.scores.smape, *evaluation.scores.mase,
                                         forecast::kNaive2HourlySmape, forecast::kNaive2HourlyMase);
  }
  evaluation.seconds_per_forecast = seconds / static_cast<double>(std::max<size_t>(1, train.size()));
  return evaluation;
}

}  // namespace shadowd::lab
