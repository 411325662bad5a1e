"""Keeps what dbt Cloud told, as files; everything else can be made again from them.

```
<root>/<account_id>/account.json                    projects, environments and jobs as last listed
                    state.json                      how far extraction has come
                    runs/<run>.<revision>.<sha256>.json   an entry per run, named by its content
                    blobs/<first 2 hex digits>/<sha256>.zst   artifacts, named by their content
                    notes/<name>.json               what other parts of a sync remember
                    incoming/                       files being written; local folders only
```
"""

from sigma_dbt_sync.archive.archive import Archive
from sigma_dbt_sync.archive.blobs import Blob, BlobWriter
from sigma_dbt_sync.archive.entries import EntryRef

__all__ = ["Archive", "Blob", "BlobWriter", "EntryRef"]
