-- What version 1 wrote; see migrations_test.cc.
BEGIN TRANSACTION;
CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  service TEXT UNIQUE CHECK (service <> '')
) STRICT;
INSERT INTO series VALUES(1,'web');
CREATE TABLE demand (
  series INTEGER NOT NULL,
  at_us INTEGER NOT NULL,
  rps REAL NOT NULL,
  PRIMARY KEY (series, at_us)
) STRICT, WITHOUT ROWID;
INSERT INTO demand VALUES(1,1700000000123456,1.0);
INSERT INTO demand VALUES(1,1700000001123456,2.0);
INSERT INTO demand VALUES(1,1700000002123456,3.0);
CREATE TABLE demand_rollup (
  series INTEGER NOT NULL,
  at_us INTEGER NOT NULL,
  mean_rps REAL NOT NULL,
  max_rps REAL NOT NULL,
  samples INTEGER NOT NULL CHECK (samples > 0),
  PRIMARY KEY (series, at_us)
) STRICT, WITHOUT ROWID;

PRAGMA application_id=1936221300;
PRAGMA user_version=1;
COMMIT;
