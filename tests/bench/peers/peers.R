# R's `forecast` package on the traces that bench_forecast scores, from the same rolling origins:
#
#   Rscript peers.R TRACES OUT [--validation] [NAME...]
#
# writes OUT/r_shared.csv, a row a trace and method (snaive: the same step of the day before; ets: no season;
# stlf_ets: a day's season by LOESS, exponential smoothing on the rest), and OUT/r_best_shared.csv, the better of them per trace in
# hindsight, score by score. Both are what `bench_forecast --peers OUT` reads. One thread; seconds are CPU seconds.

suppressMessages(library(forecast))

kept <- 20000      # points of a long trace, its last
test_share <- 0.3
origins_most <- 50
days_seen <- 14
long <- 5000       # points, from which smoothing parameters serve five origins
alpha <- 0.05

read_trace <- function(path, validation) {
  rows <- read.csv(path)
  step <- median(diff(rows$timestamp))
  at <- round((rows$timestamp - rows$timestamp[1]) / step) + 1
  y <- rep(NA_real_, max(at))
  y[at] <- rows$value
  known <- which(!is.na(y))
  if (!validation) y <- approx(known, y[known], seq_along(y), rule = 2)$y
  y <- tail(y, kept)
  if (validation) {  # only what lies before the scored part may fill its gaps
    y <- head(y, (7 * length(y)) %/% 10)
    known <- which(!is.na(y))
    y <- approx(known, y[known], seq_along(y), rule = 2)$y
  }
  list(y = y, step = step)
}

# Where forecasts are made: the last known point of each.
rolling_origins <- function(n, n0, h) {
  all <- (n - n0) %/% h
  number <- seq_len(all) - 1
  if (all > origins_most) number <- ((seq_len(origins_most) - 1) * (all - 1)) %/% (origins_most - 1)
  n0 + number * h
}

limits <- function(f) list(mid = as.numeric(f$mean), low = as.numeric(f$lower), high = as.numeric(f$upper))

# Exponential smoothing without a season; `memory` keeps its parameters for the next origins of a long window.
smoothed <- function(x, h, memory, number) {
  old <- memory$fit
  fit <- if (length(x) > long && !is.null(old) && number %% 5 != 0) ets(x, model = old) else ets(x, model = "ZZN")
  memory$fit <- fit
  limits(forecast(fit, h = h, level = 100 * (1 - alpha)))
}

methods <- list(
  snaive = function(x, day, h, memory, number) {
    limits(snaive(ts(x, frequency = day), h = h, level = 100 * (1 - alpha)))
  },
  ets = function(x, day, h, memory, number) smoothed(x, h, memory, number),
  stlf_ets = function(x, day, h, memory, number) {
    if (day == 1 || length(x) <= 2 * day) return(smoothed(x, h, memory, number))
    parts <- mstl(ts(x, frequency = day))
    season <- parts[, grep("^Seasonal", colnames(parts))[1]]
    ahead <- rep_len(tail(as.numeric(season), day), h)
    f <- smoothed(x - as.numeric(season), h, memory, number)
    lapply(f, function(part) part + ahead)
  })

score <- function(truth, said, scale) {
  width <- said$high - said$low
  outside <- pmax(said$low - truth, truth - said$high, 0)
  size <- abs(truth) + abs(said$mid)
  peak <- apply(truth, 1, max)
  top <- apply(said$high, 1, max)
  some <- peak > 0
  data.frame(smape = mean(ifelse(size > 0, 200 * abs(truth - said$mid) / size, 0)),
             mase = mean(abs(truth - said$mid)) / scale,
             msis = mean(width + 2 / alpha * outside) / scale,
             coverage = mean(outside == 0),
             peak_coverage = mean(peak <= top),
             rel_upper_margin = mean((top[some] - peak[some]) / peak[some]))
}

run <- function(path, name, method, validation) {
  trace <- read_trace(path, validation)
  y <- trace$y
  n <- length(y)
  n0 <- (7 * n) %/% 10
  h <- min(60, max(1, 3600 %/% trace$step))
  day <- 86400 / trace$step
  if (day != round(day) || day < 2 || 2 * day > n0) day <- 1
  scale <- mean(abs(diff(y[1:n0], lag = day)))
  window <- (days_seen * 86400) %/% trace$step + 1
  memory <- new.env()
  truth <- mid <- low <- high <- NULL
  started <- sum(proc.time()[1:2])
  origins <- rolling_origins(n, n0, h)
  for (i in seq_along(origins)) {
    o <- origins[i]
    f <- methods[[method]](y[max(1, o - window + 1):o], day, h, memory, i - 1)
    truth <- rbind(truth, y[o + 1:h])
    mid <- rbind(mid, pmax(f$mid, 0))
    low <- rbind(low, pmax(f$low, 0))
    high <- rbind(high, pmax(f$high, 0))
  }
  seconds <- (sum(proc.time()[1:2]) - started) / length(origins)
  cbind(data.frame(trace = name, method = method), score(truth, list(mid = mid, low = low, high = high), scale),
        data.frame(sec_mean = seconds))
}

main <- function(args) {
  validation <- "--validation" %in% args
  args <- setdiff(args, "--validation")
  if (length(args) < 2) stop("usage: peers.R TRACES OUT [--validation] [NAME...]")
  files <- list.files(args[1], pattern = "\\.csv(\\.gz)?$", full.names = TRUE)
  files <- files[!grepl("^M4-", basename(files))]
  names <- sub("\\.csv(\\.gz)?$", "", basename(files))
  wanted <- if (length(args) > 2) names %in% args[-(1:2)] else rep(TRUE, length(names))
  if (!any(wanted)) stop("no traces in ", args[1])
  table <- NULL
  for (i in which(wanted)) {
    for (method in names(methods)) {
      row <- run(files[i], names[i], method, validation)
      message(sprintf("%s %s: MASE %.3f MSIS %.2f, %.3f s", row$trace, method, row$mase, row$msis, row$sec_mean))
      table <- rbind(table, row)
      write.csv(table, file.path(args[2], "r_shared.csv"), row.names = FALSE)
    }
  }
  best <- aggregate(cbind(mase, msis) ~ trace, table, min)
  write.csv(best, file.path(args[2], "r_best_shared.csv"), row.names = FALSE)
}

main(commandArgs(trailingOnly = TRUE))
