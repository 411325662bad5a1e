"""sync_lock: the one row that makes syncs take turns, and says which warehouse this is.

Every publish begins by raising the generation it was planned at. Of two syncs that planned at the
same one, the second finds no row to raise, and plans again. The statements suit both warehouses.
"""

NAME = "sync_lock"

CREATE = (
    f"CREATE TABLE {NAME} "
    "(warehouse_id VARCHAR NOT NULL, generation BIGINT NOT NULL, fingerprint VARCHAR NOT NULL)"
)
COMMENTS = (
    f"COMMENT ON TABLE {NAME} IS 'One row: which warehouse this is and how often it was written.'",
    f"COMMENT ON COLUMN {NAME}.warehouse_id IS 'Random id of this set of tables.'",
    f"COMMENT ON COLUMN {NAME}.generation IS 'Batches published so far.'",
    f"COMMENT ON COLUMN {NAME}.fingerprint IS 'Hash of the tables and views as they were made.'",
)
FILL = f"INSERT INTO {NAME} VALUES (?, 0, ?)"  # noqa: S608
IDENTITY = f"SELECT warehouse_id, generation FROM {NAME}"  # noqa: S608
FINGERPRINT = f"SELECT fingerprint FROM {NAME}"  # noqa: S608
NOTE_FINGERPRINT = f"UPDATE {NAME} SET fingerprint = ?"  # noqa: S608
ADVANCE = f"UPDATE {NAME} SET generation = generation + 1 WHERE generation = ?"  # noqa: S608
