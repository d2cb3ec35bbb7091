-- What hubs push. A hub's journal is a series of places 1, 2, 3 … per epoch; each place is an event or is skipped on
-- purpose. Everything here may arrive late, twice or out of order.

-- How far a part of the journal reaches without a hole. It always holds [0,1), so its first range begins at 0.
CREATE FUNCTION reach(have int8multirange) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT upper(r) - 1 FROM unnest(have) AS r LIMIT 1 $$;

CREATE TABLE progress (
    hub_id text NOT NULL,
    epoch text NOT NULL,
    epoch_no bigint GENERATED ALWAYS AS IDENTITY,  -- order of first receipt: the highest is the hub's newest epoch
    have int8multirange NOT NULL,
    upto bigint NOT NULL GENERATED ALWAYS AS (reach(have)) STORED,
    head bigint NOT NULL GENERATED ALWAYS AS (upper(have) - 1) STORED,
    gap_since timestamptz,  -- since when something is missing between upto and head
    asked_at timestamptz,  -- when the hub was last asked to send it again
    asks integer NOT NULL DEFAULT 0,
    heard_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hub_id, epoch)
);
CREATE UNIQUE INDEX progress_newest ON progress (hub_id, epoch_no DESC);
CREATE INDEX progress_gaps ON progress (gap_since) WHERE gap_since IS NOT NULL;

CREATE TABLE received_event (
    hub_id text NOT NULL,
    epoch text NOT NULL,
    seq bigint NOT NULL,
    schema text NOT NULL,
    class text NOT NULL,
    at timestamptz NOT NULL,  -- the hub's wall clock
    mono_ms bigint NOT NULL,
    boot_id text NOT NULL,
    clock_synced boolean,
    data jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hub_id, epoch, seq)
);

CREATE TABLE received_skip (
    hub_id text NOT NULL,
    epoch text NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    reason text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hub_id, epoch, first)
);

-- What readers read: never anything behind a hole, so whoever reads in the order of seq misses nothing.
CREATE VIEW event AS
    SELECT e.*, p.epoch_no FROM received_event e JOIN progress p USING (hub_id, epoch) WHERE e.seq <= p.upto;
CREATE VIEW skip AS
    SELECT s.*, p.epoch_no FROM received_skip s JOIN progress p USING (hub_id, epoch) WHERE s.first <= p.upto;

CREATE TABLE hub_status (
    hub_id text PRIMARY KEY,
    epoch text NOT NULL,
    epoch_no bigint NOT NULL,
    seq bigint NOT NULL,
    rev bigint NOT NULL,
    boot_id text NOT NULL,
    document jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE reply (
    hub_id text NOT NULL,
    id text NOT NULL,
    document jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hub_id, id)
);

-- What could not be read. It blocks nobody; the same thing again is counted.
CREATE TABLE refused (
    topic text NOT NULL,
    digest bytea NOT NULL,  -- sha256 of the payload
    reason text NOT NULL,
    payload bytea NOT NULL,  -- its beginning
    times integer NOT NULL DEFAULT 1,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, digest)
);

CREATE TABLE hub_token (
    digest bytea PRIMARY KEY,  -- sha256 of the token
    hub_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX hub_token_hub ON hub_token (hub_id);
