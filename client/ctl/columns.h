// The table of each noun: its header, and the row of one resource.
#pragma once

#include "print.h"
#include "shadowd/client.h"

namespace shadowd::ctl {

template <typename T>
Row HeaderOf();

Row RowOf(const v1::Service& service);
Row RowOf(const v1::Instance& instance);
Row RowOf(const v1::Forecast& forecast);
Row RowOf(const v1::Trial& trial);
Row RowOf(const v1::Shadow& shadow);
Row RowOf(const v1::Decision& decision);
Row RowOf(const v1::Model& model);
Row RowOf(const v1::Cost& cost);

}  // namespace shadowd::ctl
