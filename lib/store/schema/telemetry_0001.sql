-- Past demand. Droppable: shadowd forecasts worse without it, and is otherwise whole. A removed service's series
-- loses its name at once, and its rows bit by bit.
CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  service TEXT UNIQUE CHECK (service <> '')
) STRICT;

CREATE TABLE demand (
  series INTEGER NOT NULL,
  at_us INTEGER NOT NULL,
  rps REAL NOT NULL,
  PRIMARY KEY (series, at_us)
) STRICT, WITHOUT ROWID;

-- Five minutes each, made from the rows of `demand` when these grow old.
CREATE TABLE demand_rollup (
  series INTEGER NOT NULL,
  at_us INTEGER NOT NULL,
  mean_rps REAL NOT NULL,
  max_rps REAL NOT NULL,
  samples INTEGER NOT NULL CHECK (samples > 0),
  PRIMARY KEY (series, at_us)
) STRICT, WITHOUT ROWID;
