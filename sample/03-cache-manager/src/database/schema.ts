/** The products, and of each change of one when it was made: that tells later how stale a copy is that somebody serves. */
export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS products (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, price INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1
  ) STRICT;

  CREATE TABLE IF NOT EXISTS changes (
    product INTEGER NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (product, version)
  ) STRICT;

  CREATE TRIGGER IF NOT EXISTS change AFTER UPDATE OF version ON products BEGIN
    INSERT INTO changes VALUES (new.id, new.version, CAST(round(unixepoch('subsec') * 1000) AS INTEGER));
  END;

  INSERT OR IGNORE INTO products (id, name, price)
    WITH RECURSIVE ids (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < 20)
    SELECT id, 'Teapot no. ' || id, 20 + id FROM ids;
`;
