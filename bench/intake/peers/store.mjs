// What every peer shares: the same row into the same table, and an answer only after its commit.
import pg from "pg";

const COLUMNS = "shop_domain, topic, webhook_id, event_id, api_version, triggered_at, body";

export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });

export function insertStatement(rows) {
  const values = Array.from({ length: rows }, (_, row) => {
    const at = row * 7;
    return `($${at + 1},$${at + 2},$${at + 3},$${at + 4},$${at + 5},$${at + 6}::timestamptz,$${at + 7})`;
  });
  return {
    name: `insert_${rows}`,
    text: `INSERT INTO inbox_events (${COLUMNS}) VALUES ${values.join(",")} ON CONFLICT (shop_domain, topic, event_id) DO NOTHING`,
  };
}

const one = insertStatement(1);

export async function store(shop, topic, webhookId, eventId, version, triggeredAt, body) {
  await pool.query({ ...one, values: [shop, topic, webhookId, eventId, version, triggeredAt, body] });
}
