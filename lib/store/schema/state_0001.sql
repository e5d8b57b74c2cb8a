-- Control state. A column per value that is searched, sorted or counted by; the whole resource is in `body`.
-- Times are microseconds since the epoch, UTC. `revision` is that of the batch that wrote the row last.
CREATE TABLE meta (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  frozen INTEGER NOT NULL DEFAULT 0 CHECK (frozen IN (0, 1)),
  frozen_reason TEXT NOT NULL DEFAULT '',
  revision_reserved INTEGER NOT NULL DEFAULT 0 -- no batch before a restart had a higher revision
) STRICT;
INSERT INTO meta (id) VALUES (1);

CREATE TABLE sequences (
  service TEXT PRIMARY KEY CHECK (service <> ''),
  next INTEGER NOT NULL CHECK (next >= 1)
) STRICT, WITHOUT ROWID;

CREATE TABLE services (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  create_time_us INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE instances (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  service TEXT NOT NULL CHECK (service <> ''),
  state TEXT NOT NULL
    CHECK (state IN ('STARTING', 'READY', 'SERVING', 'DRAINING', 'STOPPING', 'STOPPED', 'FAILED')),
  ended INTEGER NOT NULL CHECK (ended IN (0, 1)),
  create_time_us INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX instances_by_service ON instances (service, ended, create_time_us);

CREATE TABLE shadows (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  service TEXT NOT NULL CHECK (service <> ''),
  state TEXT NOT NULL
    CHECK (state IN ('STARTING', 'READY', 'SERVING', 'DRAINING', 'STOPPING', 'STOPPED', 'FAILED')),
  ended INTEGER NOT NULL CHECK (ended IN (0, 1)),
  create_time_us INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX shadows_by_service ON shadows (service, ended, create_time_us);

CREATE TABLE trials (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  service TEXT NOT NULL CHECK (service <> ''),
  state TEXT NOT NULL
    CHECK (state IN ('STARTING', 'WARMING', 'MEASURING', 'SETTLED', 'CANCELLED', 'SUPERSEDED', 'INCONCLUSIVE')),
  ended INTEGER NOT NULL CHECK (ended IN (0, 1)),
  create_time_us INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX trials_by_service ON trials (service, ended, create_time_us);

CREATE TABLE decisions (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  service TEXT NOT NULL CHECK (service <> ''),
  state TEXT NOT NULL
    CHECK (state IN ('TESTING', 'ADVISED', 'APPROVED', 'APPLYING', 'APPLIED', 'DECLINED', 'BLOCKED', 'FAILED',
                     'SUPERSEDED')),
  ended INTEGER NOT NULL CHECK (ended IN (0, 1)),
  create_time_us INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX decisions_by_service ON decisions (service, ended, create_time_us);

CREATE TABLE models (
  service TEXT NOT NULL CHECK (service <> ''),
  number INTEGER NOT NULL,
  create_time_us INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (service, number)
) STRICT;

CREATE TABLE ledger (
  service TEXT NOT NULL CHECK (service <> ''),
  decision TEXT NOT NULL CHECK (decision <> ''),
  create_time_us INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (service, decision)
) STRICT;
CREATE INDEX ledger_by_service ON ledger (service, create_time_us);

CREATE TABLE intents (
  id TEXT PRIMARY KEY CHECK (id <> ''), -- the idempotency key
  service TEXT NOT NULL CHECK (service <> ''),
  state TEXT NOT NULL CHECK (state IN ('PENDING', 'DONE', 'FAILED')),
  ended INTEGER NOT NULL CHECK (ended IN (0, 1)),
  create_time_us INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX intents_by_service ON intents (service, ended, create_time_us);

CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,
  actor TEXT NOT NULL,
  method TEXT NOT NULL,
  resource TEXT NOT NULL,
  detail TEXT NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at_us, sequence);
